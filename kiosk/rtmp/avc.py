"""
H.264 in its two wrappings: start codes (Annex B) and lengths (AVCC).

Encoders give Annex B; FLV carries AVCC with its parameter sets apart, in the
avcC record.  Sources: ITU-T H.264 Annex B and 7.4.1, ISO/IEC 14496-15 5.3.3.
No bit of a picture is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.errors import WireError


IDR: Final = 5
SEI: Final = 6
SPS: Final = 7
PPS: Final = 8
DELIMITER: Final = 9

_START_CODE: Final = b"\0\0\0\1"
_SHORT_START_CODE: Final = b"\0\0\1"
_TYPE_MASK: Final = 0x1F
_LENGTH_BYTES: Final = 4
_LENGTH_SIZES: Final = (1, 2, 4)
_RECORD_VERSION: Final = 1
_SPS_LEAST: Final = 4
_HIGH_PROFILE: Final = 100
# High is 4:2:0 with 8 bits by definition; no SPS extensions (14496-15 5.3.3.1.2)
_HIGH_FIELDS: Final = b"\xfd\xf8\xf8\x00"


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """
    The avcC record: what a decoder must know before the first picture.

    Attributes:
        sps: Sequence parameter sets, without start code or length.
        pps: Picture parameter sets, likewise.
        length_size: Bytes of the length before each NAL unit: 1, 2 or 4.

    """

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    length_size: int = _LENGTH_BYTES

    @property
    def annex_b(self) -> bytes:
        """The parameter sets with start codes, for a decoder fed that way."""
        return to_annex_b((*self.sps, *self.pps))


def nal_type(nal: bytes) -> int:
    """Return the type of a NAL unit, e.g. :data:`IDR`; 0 if it is empty."""
    return nal[0] & _TYPE_MASK if nal else 0


def split_annex_b(stream: bytes) -> list[bytes]:
    """Return the NAL units of whole access units; none if no start code."""
    units: list[bytes] = []
    at = stream.find(_SHORT_START_CODE)
    while at >= 0:
        start = at + len(_SHORT_START_CODE)
        at = stream.find(_SHORT_START_CODE, start)
        # zeros before the next start code belong to it (trailing_zero_8bits)
        unit = (stream[start:] if at < 0 else stream[start:at]).rstrip(b"\0")
        if unit:
            units.append(unit)
    return units


def to_annex_b(units: Iterable[bytes]) -> bytes:
    """Return the NAL units behind start codes."""
    return b"".join(part for unit in units for part in (_START_CODE, unit))


def to_avcc(units: Iterable[bytes]) -> bytes:
    """Return the NAL units behind lengths of four bytes."""
    return b"".join(
        part
        for unit in units
        for part in (len(unit).to_bytes(_LENGTH_BYTES, "big"), unit)
    )


def split_avcc(stream: bytes, length_size: int = _LENGTH_BYTES) -> list[bytes]:
    """
    Return the NAL units of an access unit in AVCC form.

    Raises:
        WireError: If a length points behind the end.

    """
    units: list[bytes] = []
    at, end = 0, len(stream)
    while at < end:
        start = at + length_size
        at = start + int.from_bytes(stream[at:start], "big")
        if start > end or at > end:
            raise WireError("a NAL unit is cut short")
        if at > start:
            units.append(stream[start:at])
    return units


def config_of(units: Sequence[bytes]) -> AvcConfig | None:
    """Return the parameter sets among the NAL units, None unless both kinds."""
    sps = tuple(unit for unit in units if nal_type(unit) == SPS)
    pps = tuple(unit for unit in units if nal_type(unit) == PPS)
    return AvcConfig(sps, pps) if sps and pps else None


def write_config(config: AvcConfig) -> bytes:
    """
    Return the avcC record.

    Raises:
        WireError: If there is no SPS of at least four bytes, or too many.

    """
    if not config.sps or len(config.sps[0]) < _SPS_LEAST:
        raise WireError("avcC needs an SPS of at least four bytes")
    record = bytearray((_RECORD_VERSION, *config.sps[0][1:4]))
    record.append(0xFC | config.length_size - 1)
    for sets, reserved in ((config.sps, 0xE0), (config.pps, 0)):
        if len(sets) > _TYPE_MASK:
            raise WireError(f"avcC with {len(sets)} parameter sets")
        record.append(reserved | len(sets))
        for unit in sets:
            record += len(unit).to_bytes(2, "big") + unit
    if record[1] == _HIGH_PROFILE:
        record += _HIGH_FIELDS
    return bytes(record)


def read_config(record: bytes) -> AvcConfig:
    """
    Return what an avcC record says; what follows the PPS is skipped.

    Raises:
        WireError: If it is cut short or of another version.

    """
    if len(record) < 6 or record[0] != _RECORD_VERSION:  # noqa: PLR2004 (fixed part)
        raise WireError("no avcC record")
    length_size = (record[4] & 3) + 1
    if length_size not in _LENGTH_SIZES:
        raise WireError(f"avcC with lengths of {length_size} bytes")
    sps, at = _read_sets(record, 5, _TYPE_MASK)
    pps, _ = _read_sets(record, at, 0xFF)
    return AvcConfig(sps, pps, length_size)


def _read_sets(record: bytes, at: int, mask: int) -> tuple[tuple[bytes, ...], int]:
    sets: list[bytes] = []
    if at >= len(record):
        raise WireError("avcC is cut short")
    count = record[at] & mask
    at += 1
    for _ in range(count):
        start = at + 2
        at = start + int.from_bytes(record[at:start], "big")
        if start > len(record) or at > len(record):
            raise WireError("avcC is cut short")
        sets.append(record[start:at])
    return tuple(sets), at
