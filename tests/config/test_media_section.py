from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_server
from kiosk.errors import ConfigError
from tests.fakes.stored_secrets import site


WHOLE = {
    "backend": "nginx",
    "push_url": "rtmp://127.0.0.1/live/{stream}",
}
SECRET = "0123456789abcdef"


def loaded(
    folder: Path,
    more: str = "",
    *,
    hook_secret: str | None = SECRET,
    push_key: str | None = None,
    play_key: str | None = None,
    **changes: str | None,
) -> None:
    keys = {key: value for key, value in {**WHOLE, **changes}.items() if value}
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    site(
        folder,
        "\n".join(["config_version = 1", "[media]", *lines, more]),
        "server.toml",
        media__hook_secret=hook_secret,
        server__push_key=push_key,
        server__play_key=play_key,
    )
    load_server(root=folder)


def test_a_foreign_media_server_is_taken(tmp_path: Path) -> None:
    loaded(tmp_path)
    loaded(
        tmp_path,
        backend="tencent",
        push_url="rtmps://1.push.example/app/{stream}",
        hook_secret=None,
        push_key="a234567890123456",
        play_key="b234567890123456",
    )
    loaded(
        tmp_path,
        push_url="rtmp://media.example/live/{stream}",
        more="[network]\ninsecure = true",
    )


@pytest.mark.parametrize(
    ("changes", "key", "cure"),
    [
        ({"push_url": None}, "backend", "needs push_url"),
        ({"hook_secret": None}, "backend", "needs hook_secret"),
        ({"hook_secret": "short"}, "hook_secret", "16 to 128 characters"),
        ({"hook_secret": "0123456789abcde!"}, "hook_secret", "letters and digits"),
        ({"push_url": "http://h/live/{stream}"}, "push_url", "rtmp://HOST"),
        ({"push_url": "rtmp://h:x/live/{stream}"}, "push_url", "is no URL"),
        ({"push_url": "rtmp://h/live/name"}, "push_url", "must end in /{stream}"),
        ({"push_url": "rtmp://127.0.0.1/app/{stream}"}, "push_url", "/live/{stream}"),
        ({"push_url": "rtmp://h/live/{stream}"}, "push_url", "insecure = true"),
        ({"backend": "tencent"}, "backend", "needs push_key and play_key"),
    ],
)
def test_what_cannot_work_is_named_with_its_cure(
    tmp_path: Path, changes: dict[str, str | None], key: str, cure: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, "", **changes)

    assert cure in str(refused.value)
    assert f"[media] {key}:" in str(refused.value)
