"""
How media units cross the WebSocket between a desk's page and the server.

One unit is one binary message, big endian, its header 24 bytes:

======  =====  ==============================================================
offset  type   meaning
======  =====  ==============================================================
0       u8     kind: 1 video config, 2 IDR, 3 inter, 4 audio config, 5 audio
1       u8     codec: 1 H.264, 2 VP8, 16 AAC, 17 Opus, 18 PCM
2       u8     timeline, modulo 256: units of another one have another clock
3       u8     0
4       u32    sequence: counts the units of one direction, modulo 2**32
8       f64    pts: when its medium plays, on the sender's timeline, in µs
16      f64    at: down, when it reached the server, on the server's clock; up,
               when it was captured, on the page's clock; in µs
24      bytes  the payload
======  =====  ==============================================================

Payloads: H.264 as FLV carries it (config: the avcC record; pictures: NAL units
behind lengths), VP8 frames (no config), AAC raw units (config:
AudioSpecificConfig), Opus packets (config: the identification header), PCM
signed 16 bit little endian mono at 48 kHz (no config).

Times are doubles because that is what a page calculates with; microseconds are
exact in them for 285 years.  Pure; raises WireError only.
"""

from __future__ import annotations

import enum
import math
import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kiosk.errors import WireError
from kiosk.rtmp.live_queue import Kind


class Codec(enum.IntEnum):
    """What a unit is coded in, as the header numbers it."""

    H264 = 1
    VP8 = 2
    AAC = 16
    OPUS = 17
    PCM = 18


_HEADER: Final = struct.Struct(">BBBBIdd")
HEADER_BYTES: Final = _HEADER.size
SEQUENCES: Final = 1 << 32
MAX_UNIT_BYTES: Final = 1 << 20
"""No picture of a call is larger; a page that sends one is mistaken."""

_LONGEST_US: Final = 1 << 53
TIMELINES: Final = 1 << 8
_NUMBERS: Final = MappingProxyType(
    {
        Kind.VIDEO_CONFIG: 1,
        Kind.IDR: 2,
        Kind.INTER: 3,
        Kind.AUDIO_CONFIG: 4,
        Kind.AUDIO: 5,
    }
)
_KINDS: Final = MappingProxyType({number: kind for kind, number in _NUMBERS.items()})
_VIDEO: Final = frozenset((Kind.VIDEO_CONFIG, Kind.IDR, Kind.INTER))
_VIDEO_CODECS: Final = frozenset((Codec.H264, Codec.VP8))


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One media unit, to or from a page.

    Attributes:
        pts_us: On the timeline of its sender.
        at_us: See the table above.
        timeline: Which one that is, modulo 256.

    """

    kind: Kind
    codec: Codec
    pts_us: int
    at_us: int
    payload: bytes
    timeline: int = 0

    @property
    def is_video(self) -> bool:
        """Whether it is for the eye."""
        return self.kind in _VIDEO


def pack(unit: Unit, sequence: int) -> bytes:
    """Return the message of a unit."""
    head = _HEADER.pack(
        _NUMBERS[unit.kind],
        unit.codec,
        unit.timeline % TIMELINES,
        0,
        sequence % SEQUENCES,
        unit.pts_us,
        unit.at_us,
    )
    return head + unit.payload


def parse(message: bytes) -> tuple[int, Unit]:
    """
    Return the sequence number and the unit of a message.

    Raises:
        WireError: If it is no unit, or one that cannot be.

    """
    if not HEADER_BYTES < len(message) <= HEADER_BYTES + MAX_UNIT_BYTES:
        raise WireError(f"a media message of {len(message)} bytes")
    number, codec_number, timeline, _, sequence, pts, at = _HEADER.unpack_from(message)
    kind = _KINDS.get(number)
    codec = _codec(codec_number)
    if kind is None or (kind in _VIDEO) != (codec in _VIDEO_CODECS):
        raise WireError(f"a media message of kind {number}, codec {codec_number}")
    payload = message[HEADER_BYTES:]
    times = _time(pts), _time(at)
    return sequence, Unit(kind, codec, *times, payload, timeline)


def _codec(number: int) -> Codec:
    try:
        return Codec(number)
    except ValueError:
        raise WireError(f"a media message of codec {number}") from None


def _time(microseconds: float) -> int:
    if not math.isfinite(microseconds) or abs(microseconds) > _LONGEST_US:
        raise WireError("a media message of no time")
    return round(microseconds)
