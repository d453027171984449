"""
The bodies of FLV tags: what RTMP's audio, video and data messages carry.

Sources: Adobe "Video File Format Specification 10.1" annex E, Veovera
"Enhanced RTMP v2".  H.264, AAC-LC and Opus are spoken; every other codec is
recognised, named and passed on untouched.  Parsers raise WireError only.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from kiosk.errors import WireError
from kiosk.rtmp import amf0, avc, opus
from kiosk.rtmp.messages import ON_METADATA


class PacketKind(enum.Enum):
    """What a packet of a foreign codec is for."""

    CONFIG = "config"
    MEDIA = "media"
    END = "end"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """The sequence header: H.264's parameter sets, and their avcC record."""

    avc: avc.AvcConfig
    record: bytes


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """
    One H.264 access unit.

    Attributes:
        is_idr: It needs no other picture (the tag says so).
        composition_ms: PTS minus the tag's timestamp (which is the DTS).
        avcc: NAL units behind lengths, see :func:`kiosk.rtmp.avc.split_avcc`.

    """

    is_idr: bool
    composition_ms: int
    avcc: bytes


@dataclass(frozen=True, slots=True)
class VideoEnd:
    """No more video follows."""


@dataclass(frozen=True, slots=True)
class UnknownVideo:
    """
    A codec or packet we do not decode.

    Attributes:
        codec: A fourCC such as ``hvc1``, or ``flv-2`` for an old codec number.
        is_key: The tag says that it needs no other picture.
        body: What follows the header.

    """

    codec: str
    kind: PacketKind
    is_key: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class AacConfig:
    """The AudioSpecificConfig of AAC, as far as FLV needs it."""

    object_type: int
    sample_rate: int
    channels: int
    record: bytes


@dataclass(frozen=True, slots=True)
class AacUnit:
    """One raw AAC access unit, without ADTS."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class OpusConfig:
    """The identification header of Opus (``kiosk.rtmp.opus``)."""

    channels: int
    record: bytes


@dataclass(frozen=True, slots=True)
class OpusUnit:
    """One Opus packet and how long it sounds."""

    raw: bytes
    duration_us: int


@dataclass(frozen=True, slots=True)
class UnknownAudio:
    """
    A codec or packet we do not decode.

    Attributes:
        codec: A fourCC such as ``fLaC``, or ``flv-7`` for an old codec number.
        body: What follows the header.

    """

    codec: str
    kind: PacketKind
    body: bytes


Video: TypeAlias = VideoConfig | VideoUnit | VideoEnd | UnknownVideo
Audio: TypeAlias = AacConfig | AacUnit | OpusConfig | OpusUnit | UnknownAudio

_KEY_FRAME: Final = 1
_EX_HEADER: Final = 0x80  # of video: the top bit
_EX_AUDIO: Final = 9  # of audio: a format number of its own
_AVC: Final = 7
_AAC: Final = 10
_AAC_LC: Final = 2
_OPUS: Final = "Opus"
_FOURCC_BYTES: Final = 4
_AVC_HEADER: Final = 5
_ASC_LEAST: Final = 2
_RATE_ESCAPE: Final = 15
_EX_KINDS: Final[Mapping[int, PacketKind]] = {
    0: PacketKind.CONFIG,
    1: PacketKind.MEDIA,
    2: PacketKind.END,
    3: PacketKind.MEDIA,  # video without a composition time
}
_SAMPLE_RATES: Final = (
    *(96000, 88200, 64000, 48000, 44100, 32000, 24000),
    *(22050, 16000, 12000, 11025, 8000, 7350),
)


def video_config(config: avc.AvcConfig) -> bytes:
    """Return the tag body that must come before any video."""
    return b"\x17\0\0\0\0" + avc.write_config(config)


def video_unit(
    units: Iterable[bytes], *, is_idr: bool, composition_ms: int = 0
) -> bytes:
    """Return the tag body of one access unit, given as NAL units."""
    head = b"\x17\1" if is_idr else b"\x27\1"
    offset = (composition_ms & 0xFFFFFF).to_bytes(3, "big")
    return head + offset + avc.to_avcc(units)


def parse_video(payload: bytes) -> Video:
    """
    Return what a video tag body carries.

    Raises:
        WireError: If it is cut short or its avcC record is broken.

    """
    if not payload:
        raise WireError("an empty video tag")
    first = payload[0]
    if first & _EX_HEADER:
        return _parse_ex_video(payload)
    is_key = first >> 4 == _KEY_FRAME
    if first & 0x0F != _AVC:
        codec = f"flv-{first & 0x0F}"
        return UnknownVideo(codec, PacketKind.MEDIA, is_key, payload[1:])
    if len(payload) < _AVC_HEADER:
        raise WireError("a video tag is cut short")
    body = payload[_AVC_HEADER:]
    match payload[1]:
        case 0:
            return VideoConfig(avc.read_config(body), body)
        case 1:
            return VideoUnit(is_key, _signed_24(payload[2:5]), body)
        case 2:
            return VideoEnd()
        case _:
            return UnknownVideo("avc1", PacketKind.OTHER, is_key, body)


def aac_config(sample_rate: int, channels: int) -> bytes:
    """
    Return the AudioSpecificConfig of AAC-LC (ISO/IEC 14496-3 1.6.2.1).

    Raises:
        WireError: If AAC has no number for the rate or the channels.

    """
    if sample_rate not in _SAMPLE_RATES or not 1 <= channels <= 6:  # noqa: PLR2004
        raise WireError(f"AAC has no form for {sample_rate} Hz, {channels} channels")
    rate = _SAMPLE_RATES.index(sample_rate)
    return (_AAC_LC << 11 | rate << 7 | channels << 3).to_bytes(2, "big")


def audio_config(record: bytes) -> bytes:
    """Return the tag body that must come before any AAC."""
    return b"\xaf\0" + record


def audio_unit(raw: bytes) -> bytes:
    """Return the tag body of one raw AAC access unit."""
    return b"\xaf\1" + raw


def opus_config(record: bytes) -> bytes:
    """Return the tag body that must come before any Opus."""
    return b"\x90Opus" + record


def opus_unit(raw: bytes) -> bytes:
    """Return the tag body of one Opus packet."""
    return b"\x91Opus" + raw


def parse_audio(payload: bytes) -> Audio:
    """
    Return what an audio tag body carries.

    Raises:
        WireError: If it is cut short or its decoder's config is broken.

    """
    if not payload:
        raise WireError("an empty audio tag")
    first = payload[0]
    if first >> 4 == _EX_AUDIO:
        return _parse_ex_audio(payload)
    if first >> 4 != _AAC:
        return UnknownAudio(f"flv-{first >> 4}", PacketKind.MEDIA, payload[1:])
    if len(payload) < _ASC_LEAST:
        raise WireError("an audio tag is cut short")
    body = payload[2:]
    return AacUnit(body) if payload[1] else _parse_aac_config(body)


def metadata(values: Mapping[str, amf0.Value]) -> bytes:
    """Return onMetaData as a player gets it."""
    return ON_METADATA + amf0.encode(amf0.EcmaArray(values))


def parse_metadata(payload: bytes) -> Mapping[str, amf0.Value]:
    """
    Return the values of onMetaData, empty if there are none.

    Raises:
        WireError: If it is no AMF0.

    """
    values = amf0.decode(payload)
    found = values[1] if len(values) > 1 else None
    return found if isinstance(found, dict) else {}


def is_video_config(payload: bytes) -> bool:
    """Whether a video tag body must be kept for those who join later."""
    if payload[:1] and payload[0] & _EX_HEADER:
        return _ex_kind(payload[0]) is PacketKind.CONFIG
    return payload[1:2] == b"\0" and payload[0] & 0x0F == _AVC


def is_video_key(payload: bytes) -> bool:
    """Whether a decoder that has the config can begin with a video tag body."""
    if not payload or (payload[0] >> 4) & 7 != _KEY_FRAME:
        return False
    if payload[0] & _EX_HEADER:
        return _ex_kind(payload[0]) is PacketKind.MEDIA
    return payload[0] & 0x0F != _AVC or payload[1:2] == b"\1"


def is_audio_config(payload: bytes) -> bool:
    """Whether an audio tag body must be kept for those who join later."""
    if not payload:
        return False
    if payload[0] >> 4 == _EX_AUDIO:
        return _ex_kind(payload[0]) is PacketKind.CONFIG
    return payload[0] >> 4 == _AAC and payload[1:2] == b"\0"


def is_opus(payload: bytes) -> bool:
    """Whether an audio tag body is of Opus."""
    return payload[1:5] == b"Opus" and payload[0] >> 4 == _EX_AUDIO


def _parse_ex_video(payload: bytes) -> Video:
    """Read the header of enhanced RTMP; H.264 may come that way too."""
    kind = _ex_kind(payload[0])
    is_key = (payload[0] >> 4) & 7 == _KEY_FRAME
    codec, body = _fourcc(payload)
    if codec == "avc1":
        if kind is PacketKind.CONFIG:
            return VideoConfig(avc.read_config(body), body)
        if kind is PacketKind.END:
            return VideoEnd()
        if kind is PacketKind.MEDIA:
            timed = payload[0] & 0x0F == 1
            offset = _signed_24(body[:3]) if timed else 0
            return VideoUnit(is_key, offset, body[3:] if timed else body)
    return UnknownVideo(codec, kind, is_key, body)


def _parse_ex_audio(payload: bytes) -> Audio:
    kind = _ex_kind(payload[0])
    codec, body = _fourcc(payload)
    if codec == _OPUS and kind is PacketKind.CONFIG:
        return OpusConfig(opus.channels_of(body), body)
    if codec == _OPUS and kind is PacketKind.MEDIA:
        return OpusUnit(body, opus.duration_us(body))
    return UnknownAudio(codec, kind, body)


def _ex_kind(first: int) -> PacketKind:
    return _EX_KINDS.get(first & 0x0F, PacketKind.OTHER)


def _fourcc(payload: bytes) -> tuple[str, bytes]:
    end = 1 + _FOURCC_BYTES
    if len(payload) < end:
        raise WireError("an enhanced tag is cut short")
    return payload[1:end].decode("ascii", "replace"), payload[end:]


def _signed_24(three: bytes) -> int:
    return int.from_bytes(three, "big", signed=True)


def _parse_aac_config(record: bytes) -> AacConfig:
    if len(record) < _ASC_LEAST:
        raise WireError("AudioSpecificConfig is cut short")
    bits = int.from_bytes(record[:2], "big")
    object_type, rate = bits >> 11, bits >> 7 & 0x0F
    channels = bits >> 3 & 0x0F
    if rate == _RATE_ESCAPE:  # 24 bits of rate follow, then the channels
        wide = int.from_bytes(record[:5].ljust(5, b"\0"), "big")
        sample_rate, channels = wide >> 7 & 0xFFFFFF, wide >> 3 & 0x0F
    elif rate < len(_SAMPLE_RATES):
        sample_rate = _SAMPLE_RATES[rate]
    else:
        raise WireError(f"AudioSpecificConfig with sample rate number {rate}")
    return AacConfig(object_type, sample_rate, channels, record)
