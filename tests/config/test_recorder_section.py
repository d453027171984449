from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.server_process import settings_of
from kiosk.config.load import load_server
from kiosk.config.server_schema import ServerConfig
from kiosk.errors import ConfigError
from tests.fakes.stored_secrets import site


def loaded(folder: Path, text: str) -> ServerConfig:
    path = folder / "server.toml"
    path.write_text(f"config_version = 1\n{text}\n")
    path.chmod(0o600)
    return load_server(path).config


@pytest.mark.parametrize(
    "url",
    [
        "rtmp://127.0.0.1/live/{stream}",
        "rtmp://127.0.0.1:1936/live/{type}/{room}-{user}",
        "rtmps://recorder.example.org/app/{room}/{user}",
    ],
)
def test_a_recorder_that_tells_streams_apart_is_taken(tmp_path: Path, url: str) -> None:
    config = loaded(tmp_path, f'[recorder]\nurl = "{url}"\nrooms = ["advice-*"]')

    recorder = settings_of(config).recorder
    assert (recorder.url, recorder.rooms) == (url, ("advice-*",))


def test_a_key_for_the_recorder_goes_behind_the_address(tmp_path: Path) -> None:
    url = "rtmp://127.0.0.1/live/{stream}"
    section = f'[recorder]\nurl = "{url}"'
    query = "txTime=6a&txSecret=sesame"
    root = site(tmp_path, section, "server.toml", recorder__query=query)
    config = load_server(root=root).config

    assert "sesame" not in str(config)
    assert settings_of(config).recorder.url == f"{url}?txTime=6a&txSecret=sesame"


@pytest.mark.parametrize("query", ["sesame", "key=", "a=b&", "key=<sesame>", "a=b c"])
def test_a_key_that_is_none_is_refused_without_repeating_it(
    tmp_path: Path, query: str
) -> None:
    with pytest.raises(ConfigError, match="needs name=value") as raised:
        load_server(root=site(tmp_path, "", "server.toml", recorder__query=query))

    assert "sesame" not in str(raised.value)


def test_there_is_none_by_default() -> None:
    assert settings_of(ServerConfig()).recorder.url == ""


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("http://127.0.0.1/live/{stream}", "must begin with rtmp://HOST"),
        ("rtmp://127.0.0.1:x/live/{stream}", "is no URL"),
        ("rtmp://127.0.0.1/live/recording", "would mix streams up"),
        ("rtmp://127.0.0.1/live/{room}", "would mix streams up"),
        ("rtmp://127.0.0.1/live/a?{stream}", "must end after the path"),
        ("rtmp://127.0.0.1/{stream}", "needs a path of /APP/STREAM"),
        ("rtmp://127.0.0.1/live/{stream}-{label}", "knows {stream}"),
        ("rtmp://127.0.0.1/live/{stream}{", "knows {stream}"),
        ("rtmp://{room}/live/{stream}", "after the host"),
        ("rtmp://recorder.example.org/live/{stream}", "insecure = true"),
        ("rtmp://127.0.0.1/live/{stream}" + "x" * 500, "512"),
    ],
)
def test_what_cannot_work_is_named_with_its_cure(
    tmp_path: Path, url: str, cure: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, f'[recorder]\nurl = "{url}"')

    (mistake,) = raised.value.mistakes
    assert "[recorder] url" in mistake
    assert cure in mistake


def test_another_media_server_has_to_record_by_itself(tmp_path: Path) -> None:
    media = '[media]\nbackend = "nginx"\npush_url = "rtmp://127.0.0.1/live/{stream}"'
    with pytest.raises(ConfigError, match="needs our own relay"):
        loaded(tmp_path, f'{media}\n[recorder]\nurl = "rtmp://127.0.0.1/a/{{stream}}"')
