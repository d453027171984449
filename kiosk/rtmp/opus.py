"""
What must be known of Opus to carry it: its header, and how long a packet lasts.

Sources: RFC 7845 5.1 (the identification header, which enhanced RTMP sends
as the sequence header), RFC 6716 3.1 (the first byte of a packet).
"""

from __future__ import annotations

import struct
from typing import Final

from kiosk.errors import WireError


MARK: Final = b"OpusHead"
_HEAD: Final = struct.Struct("<8sBBHIhB")
_VERSION: Final = 1
_MAJOR_MASK: Final = 0xF0  # versions 0 to 15 are compatible
_COUNTED: Final = 3  # the number of frames stands in the second byte
_SILK: Final = (10_000, 20_000, 40_000, 60_000)
_HYBRID: Final = (10_000, 20_000)
_CELT: Final = (2_500, 5_000, 10_000, 20_000)
_FIRST_HYBRID, _FIRST_CELT = 12, 16
_LONGEST_US: Final = 120_000


def head(channels: int, pre_skip: int, sample_rate: int) -> bytes:
    """Return the identification header of a mono or stereo stream."""
    return _HEAD.pack(MARK, _VERSION, channels, pre_skip, sample_rate, 0, 0)


def channels_of(record: bytes) -> int:
    """
    Return the channels of an identification header.

    Raises:
        WireError: If it is none.

    """
    if len(record) < _HEAD.size or record[:8] != MARK or record[8] & _MAJOR_MASK:
        raise WireError("an Opus header is cut short or of another version")
    return record[9]


def duration_us(packet: bytes) -> int:
    """
    Return how long a packet sounds.

    Raises:
        WireError: If it is empty, cut short or longer than Opus allows.

    """
    if not packet:
        raise WireError("an empty Opus packet")
    config, code = packet[0] >> 3, packet[0] & 3
    if code != _COUNTED:
        frames = 2 if code else 1
    elif len(packet) > 1:
        frames = packet[1] & 0x3F
    else:
        raise WireError("an Opus packet is cut short")
    lasts = frames * _frame_us(config)
    if not 0 < lasts <= _LONGEST_US:
        raise WireError(f"an Opus packet of {lasts} us")
    return lasts


def _frame_us(config: int) -> int:
    if config < _FIRST_HYBRID:
        return _SILK[config % len(_SILK)]
    if config < _FIRST_CELT:
        return _HYBRID[config % len(_HYBRID)]
    return _CELT[config % len(_CELT)]
