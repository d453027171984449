from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_kiosk
from kiosk.config.schema import TelevisionSection
from kiosk.errors import ConfigError


ROOM = '[room]\nserver = "http://127.0.0.1:8080"\n'


def television(folder: Path, *lines: str, network: str = "") -> TelevisionSection:
    path = folder / "kiosk.toml"
    path.write_text("\n".join([ROOM, network, "[television]", *lines]))
    path.chmod(0o600)
    return load_kiosk(path).config.television


def test_without_url_and_room_there_is_none(tmp_path: Path) -> None:
    assert not television(tmp_path).is_on
    assert not television(tmp_path, "sound = true").is_on


def test_a_room_or_a_stream_is_shown_silently_unless_asked(tmp_path: Path) -> None:
    assert television(tmp_path, 'room = "Branch TV"').room == "Branch TV"
    shown = television(tmp_path, 'url = "rtmps://tv.example/live/tv"')

    assert shown.is_on
    assert not shown.sound


def test_a_plain_stream_needs_insecure_beyond_this_machine(tmp_path: Path) -> None:
    plain = 'url = "rtmp://tv.example/live/tv"'
    television(tmp_path, 'url = "rtmp://127.0.0.1/live/tv"')
    television(tmp_path, plain, network="[network]\ninsecure = true")

    with pytest.raises(ConfigError, match="plain RTMP beyond this machine"):
        television(tmp_path, plain)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('url = "http://tv.example/live/tv"', "must begin with rtmp"),
        ('url = "rtmps://:1935/live/tv"', "must begin with rtmp"),
        ('url = "rtmps://tv.example:x/live/tv"', "is no URL"),
        ('url = "rtmps://tv.example/live"', "needs an application and a stream"),
        ('url = "rtmps://tv.example/live/"', "needs an application and a stream"),
        ('url = "rtmps://tv.example/live/t?key=1"', "without a key in it"),
        ('url = "rtmps://me:pw@tv.example/live/t"', "without a key in it"),
        ('url = "rtmps://tv.example/live/t"\nroom = "x"', "cannot go with room"),
        ("volume = 3", "unknown key"),
    ],
)
def test_what_is_wrong_is_named(line: str, mistake: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=mistake):
        television(tmp_path, line)
