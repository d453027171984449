"""Stream URLs."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp.url import RtmpUrl, split_query


def test_a_signed_url_is_taken_apart() -> None:
    url = RtmpUrl.parse("rtmp://push.example:1936/live/room_7?txSecret=ab&txTime=6a")

    assert url == RtmpUrl(
        "rtmp", "push.example", 1936, "live", "room_7", "txSecret=ab&txTime=6a"
    )
    assert url.wire_name == "room_7?txSecret=ab&txTime=6a"
    assert url.tc_url == "rtmp://push.example:1936/live"
    assert not url.is_secure


@pytest.mark.parametrize(
    ("text", "app", "name"),
    [
        ("rtmp://h/live/s", "live", "s"),
        ("rtmp://h/live/instance/s", "live/instance", "s"),
        ("rtmp://h/live/instance/s/t", "live/instance", "s/t"),
    ],
)
def test_app_and_name_are_split_as_ffmpeg_does(text: str, app: str, name: str) -> None:
    url = RtmpUrl.parse(text)

    assert (url.app, url.name, url.wire_name) == (app, name, name)


def test_the_port_follows_the_scheme() -> None:
    assert RtmpUrl.parse("rtmp://h/a/s").port == 1935
    assert RtmpUrl.parse("rtmps://h/a/s").port == 443
    assert RtmpUrl.parse("rtmps://h/a/s").is_secure


def test_an_ipv6_address_keeps_its_brackets_in_text_only() -> None:
    url = RtmpUrl.parse("rtmp://[::1]:1935/live/s")

    assert url.host == "::1"
    assert url.tc_url == "rtmp://[::1]:1935/live"


def test_the_secret_is_in_no_text_for_people() -> None:
    url = RtmpUrl.parse("rtmp://h/live/s?txSecret=5ec7e7")

    assert url.redacted == "rtmp://h:1935/live/s"
    assert "5ec7e7" not in f"{url} {url!r} {url.redacted} {url.tc_url}"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("http://h/live/s?k=5ec7e7", "scheme 'http'"),
        ("rtmp:///live/s?k=5ec7e7", "needs a host"),
        ("rtmp://me@h/live/s?k=5ec7e7", "no user name"),
        ("rtmp://h:0/live/s?k=5ec7e7", "a port"),
        ("rtmp://h:99999/live/s?k=5ec7e7", "broken host or port"),
        ("rtmp://h:x/live/s?k=5ec7e7", "broken host or port"),
        ("rtmp://[::1/live/s?k=5ec7e7", "broken host or port"),
        ("rtmp://h/live?k=5ec7e7", "/app/stream"),
        ("rtmp://h/live/?k=5ec7e7", "/app/stream"),
        ("rtmp://h//s?k=5ec7e7", "/app/stream"),
        ("rtmp://h/live//s?k=5ec7e7", "/app/stream"),
        ("rtmp://h/live/s?k=5ec7e7#top", "characters"),
        ("rtmp://h/live/s?k=5ec7e7\n", "characters"),
        ("rtmp://h/live/s ?k=5ec7e7", "characters"),
        ("rtmp://h/live/ß?k=5ec7e7", "characters"),
        ("rtmp://h/live/s?k=5ec7e7" + "x" * 2048, "too long"),
        ("", "scheme ''"),
    ],
)
def test_what_is_no_stream_url_is_refused_without_showing_the_secret(
    text: str, cause: str
) -> None:
    with pytest.raises(WireError, match=cause) as caught:
        RtmpUrl.parse(text)

    assert "5ec7e7" not in str(caught.value)


def test_a_name_is_split_from_its_query_at_the_first_mark() -> None:
    assert split_query("s?a=1?b") == ("s", "a=1?b")
    assert split_query("s") == ("s", "")


def test_a_broken_port_is_told_as_that() -> None:
    with pytest.raises(WireError, match=r"^stream URL has a broken host or port$"):
        RtmpUrl.parse("rtmp://room.example:port/live/s")
