"""Units and words as they cross the WebSocket: whole, or one clear error."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.agentdesk import framing
from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.media_words import (
    Ack,
    Hidden,
    IdrWanted,
    Ping,
    parse_words,
    words,
)
from kiosk.errors import WireError
from kiosk.rtmp.live_queue import Kind


PICTURE = Unit(Kind.IDR, Codec.H264, 1_234_567, 89_000_001, b"\0\0\0\1e", 3)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        (Kind.VIDEO_CONFIG, Codec.H264),
        (Kind.IDR, Codec.VP8),
        (Kind.INTER, Codec.H264),
        (Kind.AUDIO_CONFIG, Codec.AAC),
        (Kind.AUDIO, Codec.OPUS),
        (Kind.AUDIO, Codec.PCM),
    ],
)
def test_a_unit_comes_out_as_it_went_in(kind: Kind, codec: Codec) -> None:
    unit = Unit(kind, codec, -20_000, 1 << 52, b"payload", 255)

    assert framing.parse(framing.pack(unit, 7)) == (7, unit)


def test_the_header_is_the_one_that_is_written_down() -> None:
    message = framing.pack(PICTURE, framing.SEQUENCES + 5)

    head = b"\x02\x01\x03\x00" + (5).to_bytes(4, "big")
    assert message == head + struct.pack(">dd", 1_234_567, 89_000_001) + PICTURE.payload
    assert len(message) == framing.HEADER_BYTES + 5


def test_only_pictures_are_for_the_eye() -> None:
    sound = Unit(Kind.AUDIO, Codec.AAC, 0, 0, b"s")

    assert PICTURE.is_video
    assert not sound.is_video


def test_timelines_are_counted_modulo_256() -> None:
    unit = Unit(Kind.AUDIO, Codec.AAC, 0, 0, b"s", 257)

    assert framing.parse(framing.pack(unit, 0))[1].timeline == 1


@pytest.mark.parametrize(
    ("at", "octets"),
    [
        (0, b"\x00"),  # no kind
        (0, b"\x06"),
        (1, b"\x03"),  # no codec
        (1, b"\x10"),  # a picture in AAC
        (8, struct.pack(">d", math.nan)),
        (16, struct.pack(">d", math.inf)),
        (8, struct.pack(">d", 1e300)),
    ],
)
def test_what_cannot_be_is_refused(at: int, octets: bytes) -> None:
    message = bytearray(framing.pack(PICTURE, 0))
    message[at : at + len(octets)] = octets

    with pytest.raises(WireError):
        framing.parse(bytes(message))


@pytest.mark.parametrize("size", [0, 23, 24, 24 + framing.MAX_UNIT_BYTES + 1])
def test_empty_and_huge_messages_are_refused(size: int) -> None:
    message = framing.pack(PICTURE, 0)[:24].ljust(size, b"x")[:size]

    with pytest.raises(WireError):
        framing.parse(message)


@pytest.mark.hypothesis
@given(st.binary(max_size=64))
def test_any_bytes_are_a_unit_or_one_error(message: bytes) -> None:
    try:
        sequence, unit = framing.parse(message)
    except WireError:
        return
    assert framing.parse(framing.pack(unit, sequence)) == (sequence, unit)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('{"say":"ping","at":12.5}', Ping(12.5)),
        ('{"say":"ack","sequence":4294967299}', Ack(3)),
        ('{"say":"idr"}', IdrWanted()),
        ('{"say":"hidden","hidden":true}', Hidden(hidden=True)),
        ('{"say":"hidden"}', Hidden(hidden=False)),
    ],
)
def test_a_page_is_understood(said: str, meant: object) -> None:
    assert parse_words(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{",
        '{"say":"dance"}',
        '{"at":1}',
        '{"say":"ping"}',
        '{"say":"ping","at":true}',
        '{"say":"ping","at":"1"}',
        '{"say":"ping","at":-1}',
        '{"say":"ping","at":1e999}',
        '{"say":"ack","sequence":NaN}',
        '{"say":"ack","sequence":' + "9" * 400 + "}",
        '{"say":"idr","x":"' + "x" * 2000 + '"}',
        '{"say":"\ud800"}',
    ],
)
def test_what_no_page_of_ours_says_is_refused(said: str) -> None:
    with pytest.raises(WireError):
        parse_words(said)


def test_what_is_said_to_the_page_is_one_json_object() -> None:
    assert json.loads(words("rate", bps=600_000, hold=False)) == {
        "say": "rate",
        "bps": 600_000,
        "hold": False,
    }
