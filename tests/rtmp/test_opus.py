"""Opus as enhanced RTMP carries it: header, packets, how long they sound."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import flv, opus
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import OpusWanted
from tests.fakes.rtmp_pair import CLIENT_RANDOM, URL, RtmpPair


HEAD = bytes.fromhex("4f707573 48656164 01 01 3801 80bb0000 0000 00")


def test_the_header_is_that_of_rfc_7845() -> None:
    assert opus.head(1, 312, 48_000) == HEAD
    assert opus.channels_of(HEAD) == 1
    assert opus.channels_of(opus.head(2, 0, 48_000)) == 2


@pytest.mark.parametrize(
    "record", [b"", HEAD[:18], b"opusHead" + HEAD[8:], HEAD[:8] + b"\x10" + HEAD[9:]]
)
def test_what_is_no_header_is_refused(record: bytes) -> None:
    with pytest.raises(WireError, match="Opus header"):
        opus.channels_of(record)


@pytest.mark.parametrize(
    ("first", "milliseconds"),
    [
        (0 << 3, 10),
        (3 << 3, 60),
        (9 << 3, 20),
        (12 << 3, 10),
        (15 << 3, 20),
        (16 << 3, 2.5),
        (31 << 3, 20),
        (31 << 3 | 1, 40),
        (31 << 3 | 2, 40),
    ],
)
def test_the_first_byte_says_how_long_a_packet_sounds(
    first: int, milliseconds: float
) -> None:
    assert opus.duration_us(bytes([first, 0])) == milliseconds * 1000


def test_a_packet_may_count_its_frames() -> None:
    assert opus.duration_us(bytes([31 << 3 | 3, 6])) == 120_000
    assert opus.duration_us(bytes([31 << 3 | 3, 0x80 | 2])) == 40_000


@pytest.mark.parametrize(
    "packet",
    [b"", bytes([3]), bytes([31 << 3 | 3, 0]), bytes([31 << 3 | 3, 7]), b"\x1b\x03"],
)
def test_a_packet_that_cannot_be_is_refused(packet: bytes) -> None:
    with pytest.raises(WireError, match="Opus packet"):
        opus.duration_us(packet)


def test_config_and_packet_round_trip_as_tags() -> None:
    packet = bytes([15 << 3]) + b"sound"

    assert flv.opus_config(HEAD)[:5] == b"\x90Opus"
    assert flv.parse_audio(flv.opus_config(HEAD)) == flv.OpusConfig(1, HEAD)
    assert flv.parse_audio(flv.opus_unit(packet)) == flv.OpusUnit(packet, 20_000)
    assert flv.is_audio_config(flv.opus_config(HEAD))
    assert not flv.is_audio_config(flv.opus_unit(packet))


def test_a_tag_tells_whether_it_is_opus() -> None:
    assert flv.is_opus(flv.opus_config(HEAD))
    assert flv.is_opus(flv.opus_unit(b"x"))
    for other in (b"", b"\xaf\1x", b"\x91fLaCx", b"\xafOpus"):
        assert not flv.is_opus(other)


def test_a_server_has_a_publisher_that_can_send_opus_and_aac_again() -> None:
    pair = RtmpPair(PublishClient(URL, CLIENT_RANDOM, opus=True)).run()
    assert pair.server.opus
    pair.server.use_opus(wanted=True)
    pair.run()
    pair.server.use_opus(wanted=False)
    pair.run()

    assert pair.client_events[1:] == [OpusWanted(True), OpusWanted(False)]


def test_a_player_says_whether_it_hears_opus() -> None:
    assert RtmpPair(PlayClient(URL, CLIENT_RANDOM, opus=True)).run().server.opus
    assert not RtmpPair.playing().run().server.opus
    assert not RtmpPair.publishing().run().server.opus
