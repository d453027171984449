from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.server_process import settings_of
from kiosk.config.load import load_server
from kiosk.errors import ConfigError
from kiosk.roomserver.im_cloud import ImAccount


def loaded(folder: Path, text: str) -> tuple[str | None, ImAccount | None]:
    file = folder / "server.toml"
    file.write_text(f"config_version = 1\n[im]\n{text}\n")
    settings = settings_of(load_server(file).config)
    return settings.im_path, settings.im_account


def test_the_im_channel_is_this_servers_own_by_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == ("", None)
    assert loaded(tmp_path, 'path = "/im"') == ("/im", None)


def test_it_can_be_left_to_the_originals_cloud_or_to_nobody(tmp_path: Path) -> None:
    text = 'provider = "tencent"\nprivate_key = "/k.pem"\nadministrator = "boss"'

    assert loaded(tmp_path, text) == (None, ImAccount("/k.pem", "boss"))
    assert loaded(tmp_path, 'provider = "off"') == (None, None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('provider = "tencent"', "private_key"),
        ('provider = "someone"', "provider"),
        ('path = "im"', "path"),
        ('path = "/im/"', "path"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        loaded(tmp_path, text)
