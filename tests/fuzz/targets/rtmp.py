"""What comes over an RTMP connection, from either side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from zlib import crc32

from kiosk.errors import WireError
from kiosk.rtmp import avc, flv, opus
from kiosk.rtmp import messages as m
from kiosk.rtmp.amf0 import Date, Value, decode, encode
from kiosk.rtmp.chunks import ChunkLimits, ChunkReader, Message
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.handshake import RANDOM_BYTES, Handshake
from kiosk.rtmp.server import ServerSession
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.rtmp_goldens import served
from tests.fakes.rtmp_pair import CLIENT_RANDOM, SERVER_RANDOM, URL
from tests.fuzz.target import Target


_LIMITS = ChunkLimits()
_RANDOM = bytes(RANDOM_BYTES)
_PIECE_BYTES = 1 << 12


def pieces(given: bytes) -> list[bytes]:
    """Return the same bytes as they may arrive: whole, in two, or bit by bit."""
    at = crc32(given) % (len(given) + 1)
    return [given[:at], given[at:]]


def _chunks(given: bytes) -> None:
    reader = ChunkReader()
    for piece in pieces(given):
        for message in reader.feed(piece):
            assert len(message.payload) <= _LIMITS.message_bytes


def _amf0(given: bytes) -> None:
    values = decode(given)
    again = encode(*values)
    if not _is_odd(values):
        assert decode(again) == values


def _is_odd(value: Value) -> bool:
    """Say whether a value is not equal to itself: NaN, somewhere within."""
    match value:
        case float():
            return math.isnan(value)
        case Date():
            return math.isnan(value.unix_ms)
        case Mapping():
            return any(map(_is_odd, value.values()))
        case list() | tuple():
            return any(map(_is_odd, value))
        case _:
            return False


def _handshake(given: bytes) -> None:
    for side in (Handshake.client(_RANDOM), Handshake.server(_RANDOM)):
        for piece in pieces(given):
            side.feed(piece)
            if side.done:
                break


def _flv(given: bytes) -> None:
    parse: tuple[Callable[[bytes], object], ...] = (
        flv.parse_video,
        flv.parse_audio,
        flv.parse_metadata,
        avc.read_config,
        avc.split_avcc,
        avc.split_annex_b,
        opus.channels_of,
        opus.duration_us,
        lambda payload: m.split_aggregate(Message(22, 1, 0, payload)),
        lambda payload: m.parse_command(Message(17, 1, 0, payload)),
        lambda payload: m.parse_user_control(Message(4, 0, 0, payload)),
    )
    for judge in (flv.is_video_config, flv.is_video_key, flv.is_audio_config):
        judge(given)
    refusal: WireError | None = None
    for one in parse:
        try:
            one(given)
        except WireError as error:
            refusal = error
    if refusal is not None:
        raise refusal


def _avcc(given: bytes) -> None:
    units = avc.split_avcc(given)
    assert avc.split_avcc(avc.to_avcc(units)) == units


def _to_server(given: bytes) -> None:
    served(ServerSession(SERVER_RANDOM), given)


def _to_client(given: bytes) -> None:
    players = (PlayClient(URL, CLIENT_RANDOM), PublishClient(URL, CLIENT_RANDOM))
    refusal: WireError | None = None
    for client in players:
        try:
            for piece in pieces(given):
                client.feed(piece)
                client.bytes_to_send()
        except WireError as error:
            refusal = error
    if refusal is not None:
        raise refusal


def _url(given: bytes) -> None:
    url = RtmpUrl.parse(given.decode("utf-8", "surrogateescape"))
    assert url.scheme in {"rtmp", "rtmps"}
    assert url.host
    assert "@" not in url.host
    assert RtmpUrl.parse(f"{url.redacted}?{url.query}") == url


URL_WORDS = (
    *(
        b"rtmp://",
        b"rtmps://",
        b"file://",
        b"http://169.254.169.254/",
        b"@",
        b"?",
        b"#",
    ),
    *(
        b"txSecret=",
        b"txTime=",
        b"&",
        b"%00",
        b"\r\n",
        b"[::1]",
        b":0",
        b":65536",
        b"//",
    ),
    *(b"..", b"\xe2\x80\xae", b"[fe80::1%25eth0]", b"0x7f.1", b"\xef\xbc\x8f", b"\\"),
)
_AMF_WORDS = (
    *(
        b"\x02\x00\x07connect",
        b"\x03",
        b"\x08\xff\xff\xff\xff",
        b"\x00\x00\x09",
        b"\x0a",
    ),
    *(
        b"\x0a\xff\xff\xff\xff",
        b"\x00\x7f\xf0\x00\x00\x00\x00\x00\x00",
        b"\x0c\x7f\xff",
    ),
    *(
        b"\x00\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x00\xff\xf0" + bytes(6),
        b"\x10\x00\x01a",
    ),
    b"\x0b\x7f\xf0" + bytes(8),
)

TARGETS = (
    Target("rtmp_chunks", _chunks, (WireError,)),
    Target("rtmp_amf0", _amf0, (WireError,), _AMF_WORDS),
    Target("rtmp_handshake", _handshake, (WireError,)),
    Target("rtmp_flv", _flv, (WireError,), _AMF_WORDS),
    Target("rtmp_avcc", _avcc, (WireError,)),
    Target("rtmp_to_server", _to_server, (WireError,), _AMF_WORDS),
    Target("rtmp_to_client", _to_client, (WireError,), _AMF_WORDS),
    Target("rtmp_url", _url, (WireError,), URL_WORDS),
)
