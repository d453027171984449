"""
AMF0, the value format of RTMP commands and metadata, both ways.

Source: Adobe "Action Message Format -- AMF 0" (2006).  Every type met in the
field is read; what a peer can name (depth, number of values, lengths) has a
limit.  This module knows no command and raises nothing but WireError.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from kiosk.errors import WireError


class Undefined(enum.Enum):
    """ActionScript's second kind of nothing; kept apart to round-trip."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED


class EcmaArray(dict[str, "Value"]):
    """An object that came, or goes, as an associative array (marker 8)."""


@dataclass(frozen=True, slots=True)
class Date:
    """Milliseconds since 1970 in UTC; the zone is reserved and should be 0."""

    unix_ms: float
    zone_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Xml:
    """An XML document as text; nobody here parses it."""

    text: str


Value: TypeAlias = (
    bool
    | float
    | str
    | Undefined
    | Date
    | Xml
    | list["Value"]
    | tuple["Value", ...]
    | Mapping[str, "Value"]
    | None
)
"""Whatever AMF0 can say; numbers may be given as int and come as float."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one encoded payload may ask of its reader."""

    depth: int = 16
    values: int = 4096
    text_bytes: int = 64 * 1024


class _Marker(enum.IntEnum):
    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    ECMA_ARRAY = 8
    OBJECT_END = 9
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12
    UNSUPPORTED = 13
    XML = 15
    TYPED_OBJECT = 16


_SHORT_TEXT_MAX: Final = 0xFFFF
_DEFAULT_LIMITS: Final = Limits()

_number = struct.Struct(">d")
_u16 = struct.Struct(">H")
_u32 = struct.Struct(">I")
_date = struct.Struct(">dh")


def encode(*values: Value) -> bytes:
    """
    Return the values one after the other.

    Raises:
        WireError: If a property name is empty or over 64 KiB.

    """
    out = bytearray()
    for value in values:
        _write(out, value)
    return bytes(out)


def decode(payload: bytes, limits: Limits = _DEFAULT_LIMITS) -> list[Value]:
    """
    Return all values of a payload.

    Numbers come as float, both kinds of object as dict (associative arrays as
    its subclass EcmaArray), strict arrays as list.  Text that is not UTF-8
    gets replacement characters.

    Raises:
        WireError: If the payload is cut short, has an unknown type or breaks
            a limit.

    """
    reader = _Reader(payload, limits)
    values: list[Value] = []
    while not reader.at_end:
        values.append(reader.value(limits.depth))
    return values


def _write(out: bytearray, value: Value) -> None:
    match value:
        case None:
            out.append(_Marker.NULL)
        case bool():
            out += bytes((_Marker.BOOLEAN, value))
        case int() | float():
            out.append(_Marker.NUMBER)
            out += _number.pack(value)
        case str():
            _write_text(out, value)
        case Mapping():
            _write_object(out, value)
        case list() | tuple():
            out.append(_Marker.STRICT_ARRAY)
            out += _u32.pack(len(value))
            for item in value:
                _write(out, item)
        case _:
            _write_rare(out, value)


def _write_rare(out: bytearray, value: Undefined | Date | Xml) -> None:
    match value:
        case Undefined():
            out.append(_Marker.UNDEFINED)
        case Date():
            out.append(_Marker.DATE)
            out += _date.pack(value.unix_ms, value.zone_minutes)
        case _:
            text = value.text.encode()
            out.append(_Marker.XML)
            out += _u32.pack(len(text)) + text


def _write_text(out: bytearray, value: str) -> None:
    text = value.encode()
    if len(text) > _SHORT_TEXT_MAX:
        out.append(_Marker.LONG_STRING)
        out += _u32.pack(len(text)) + text
    else:
        out.append(_Marker.STRING)
        out += _u16.pack(len(text)) + text


def _write_object(out: bytearray, value: Mapping[str, Value]) -> None:
    if isinstance(value, EcmaArray):
        out.append(_Marker.ECMA_ARRAY)
        out += _u32.pack(len(value))
    else:
        out.append(_Marker.OBJECT)
    for name, item in value.items():
        key = name.encode()
        if not 0 < len(key) <= _SHORT_TEXT_MAX:
            raise WireError(f"AMF0 property name of {len(key)} bytes")
        out += _u16.pack(len(key)) + key
        _write(out, item)
    out += bytes((0, 0, _Marker.OBJECT_END))


class _Reader:
    """A cursor over one payload."""

    __slots__ = ("_limits", "_payload", "_position", "_values_left")

    def __init__(self, payload: bytes, limits: Limits) -> None:
        self._payload = payload
        self._limits = limits
        self._position = 0
        self._values_left = limits.values

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._payload)

    def value(self, depth: int) -> Value:
        self._values_left -= 1
        if self._values_left < 0:
            raise WireError(f"AMF0: more than {self._limits.values} values")
        if depth <= 0:
            raise WireError(f"AMF0: nested deeper than {self._limits.depth}")
        marker = self._take(1)[0]
        read = _READERS.get(marker)
        if read is None:
            raise WireError(
                f"AMF0: type {marker} at byte {self._position - 1} is unknown"
            )
        return read(self, depth)

    def number(self, depth: int) -> float:
        return float(_number.unpack(self._take(8))[0])

    def boolean(self, depth: int) -> bool:
        return self._take(1) != b"\0"

    def text(self, depth: int) -> str:
        return self._text(_u16.unpack(self._take(2))[0])

    def long_text(self, depth: int) -> str:
        return self._text(_u32.unpack(self._take(4))[0])

    def xml(self, depth: int) -> Xml:
        return Xml(self.long_text(depth))

    def date(self, depth: int) -> Date:
        unix_ms, zone_minutes = _date.unpack(self._take(10))
        return Date(unix_ms, zone_minutes)

    def null(self, depth: int) -> None:
        """Nothing follows the marker."""

    def undefined(self, depth: int) -> Undefined:
        return UNDEFINED

    def object(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            name = self.text(depth)
            if not name:
                if self._take(1)[0] != _Marker.OBJECT_END:
                    raise WireError("AMF0: an object without its end marker")
                return found
            found[name] = self.value(depth - 1)

    def ecma_array(self, depth: int) -> EcmaArray:
        self._take(4)  # a count nobody fills in reliably
        return EcmaArray(self.object(depth))

    def typed_object(self, depth: int) -> dict[str, Value]:
        self.text(depth)  # the class name means nothing here
        return self.object(depth)

    def strict_array(self, depth: int) -> list[Value]:
        (count,) = _u32.unpack(self._take(4))
        if count > self._values_left:
            raise WireError(f"AMF0: array of {count} values is over the limit")
        return [self.value(depth - 1) for _ in range(count)]

    def _take(self, count: int) -> bytes:
        start = self._position
        self._position = start + count
        taken = self._payload[start : start + count]
        if len(taken) != count:
            raise WireError(f"AMF0: cut short at byte {len(self._payload)}")
        return taken

    def _text(self, count: int) -> str:
        if count > self._limits.text_bytes:
            raise WireError(f"AMF0: text of {count} bytes is over the limit")
        return self._take(count).decode("utf-8", "replace")


_READERS: Final[Mapping[int, Callable[[_Reader, int], Value]]] = {
    _Marker.NUMBER: _Reader.number,
    _Marker.BOOLEAN: _Reader.boolean,
    _Marker.STRING: _Reader.text,
    _Marker.OBJECT: _Reader.object,
    _Marker.NULL: _Reader.null,
    _Marker.UNDEFINED: _Reader.undefined,
    _Marker.ECMA_ARRAY: _Reader.ecma_array,
    _Marker.STRICT_ARRAY: _Reader.strict_array,
    _Marker.DATE: _Reader.date,
    _Marker.LONG_STRING: _Reader.long_text,
    _Marker.UNSUPPORTED: _Reader.undefined,
    _Marker.XML: _Reader.xml,
    _Marker.TYPED_OBJECT: _Reader.typed_object,
}
