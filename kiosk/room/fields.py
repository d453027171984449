"""
Strict reading of one field of a wire object, naming the field that is wrong.

``false`` is not 0, ``"5"`` is not 5 (but for the two paging numbers, which the
originals take as text too), and a missing field is told from a wrong one: the
originals answer code 1 to the first and throw (code -1) at the second.  No
value is ever quoted in an error: it may be a key.
"""

from __future__ import annotations

import re
from typing import cast

from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.wire_json import Wire


MAX_NAME_BYTES = 1024
MAX_URL_BYTES = 2048
MAX_TEXT_CHARS = 1024
MAX_NUMBER = 2**53 - 1
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DECIMAL = re.compile(r"[0-9]{1,9}")
_KINDS: dict[type, str] = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


class BadRequest(ValueError):
    """
    One field of a message is missing or wrong.

    Attributes:
        field: The field's wire name.
        reason: What is wrong with it, without its value.
        code: What a room server answers.

    """

    def __init__(
        self, field: str, reason: str, code: RoomCode = RoomCode.BAD_PARAMETER
    ) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.code = code


class Fields:
    """
    One wire object, read field by field.

    With ``Dialect.V1`` a required field that is empty counts as missing, as the
    original of that generation has it (protocol section 3); with ``V2`` a
    present empty text is fine.
    """

    __slots__ = ("_strict_presence", "_wire")

    def __init__(self, wire: Wire, dialect: Dialect = Dialect.V2) -> None:
        self._wire = wire
        self._strict_presence = dialect is Dialect.V1

    def has(self, name: str) -> bool:
        """Say whether the field is there and not null."""
        return self._wire.get(name) is not None

    def identifier(self, name: str) -> str:
        """Read a required room or user id (``[A-Za-z0-9_-]{1,64}``)."""
        value = self._wire.get(name)
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        return valid_id(name, self.text(name))  # says what is wrong with it

    def optional_identifier(self, name: str) -> str:
        """Read an id that may be absent or empty; then ``""``."""
        value = self.optional_text(name)
        return valid_id(name, value) if value else ""

    def text(
        self,
        name: str,
        max_bytes: int = MAX_NAME_BYTES,
        too_long: RoomCode = RoomCode.BAD_PARAMETER,
    ) -> str:
        """Read a required text of at most ``max_bytes`` UTF-8 bytes."""
        value = self._required(name)
        if not isinstance(value, str):
            raise _wrong_kind(name, "text", value)
        _refuse_long(name, value, max_bytes, too_long)
        return value

    def optional_text(self, name: str, max_bytes: int = MAX_NAME_BYTES) -> str:
        """Read a text that may be absent or null; then ``""``."""
        value = self._wire.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _wrong_kind(name, "text", value)
        _refuse_long(name, value, max_bytes, RoomCode.BAD_PARAMETER)
        return value

    def count(self, name: str, maximum: int = MAX_NUMBER) -> int:
        """Read a required whole number from 0 to ``maximum``."""
        return _whole(name, self._present(name), maximum)

    def optional_count(self, name: str, default: int = 0) -> int:
        """Read a whole number from 0 that may be absent."""
        value = self._wire.get(name)
        return default if value is None else _whole(name, value, MAX_NUMBER)

    def paging_count(self, name: str) -> int:
        """Read a whole number that the originals also take as decimal text."""
        value = self._present(name)
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            return int(value)
        return _whole(name, value, MAX_NUMBER)

    def number(self, name: str) -> int:
        """Read a required whole number of any sign."""
        value = self._present(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_kind(name, "a whole number", value)
        return value

    def optional_seconds(self, name: str, default: float) -> float:
        """Read a duration in seconds, not negative, that may be absent."""
        value = self._wire.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_kind(name, "a number", value)
        if value < 0:
            raise BadRequest(name, "is negative")
        return float(value)

    def optional_flag(self, name: str) -> bool:
        """Read a truth value that may be absent; then false."""
        value = self._wire.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise _wrong_kind(name, "a truth value", value)
        return value

    def objects(self, name: str, maximum: int) -> tuple[Wire, ...]:
        """Read a required list of at most ``maximum`` objects."""
        value = self._present(name)
        if not isinstance(value, list):
            raise _wrong_kind(name, "a list", value)
        items = cast("list[object]", value)
        if len(items) > maximum:
            raise BadRequest(name, f"has more than {maximum} entries")
        for item in items:
            if not isinstance(item, dict):
                raise _wrong_kind(name, "a list of objects", item)
        return tuple(cast("list[Wire]", items))

    def mapping(self, name: str) -> Wire:
        """Read a required object."""
        value = self._present(name)
        if not isinstance(value, dict):
            raise _wrong_kind(name, "an object", value)
        return cast("Wire", value)

    def texts(self, name: str, maximum: int, max_bytes: int) -> tuple[str, ...]:
        """Read a required list of at most ``maximum`` texts."""
        value = self._present(name)
        if not isinstance(value, list):
            raise _wrong_kind(name, "a list", value)
        items = cast("list[object]", value)
        if len(items) > maximum:
            raise BadRequest(name, f"has more than {maximum} entries")
        for item in items:
            if not isinstance(item, str):
                raise _wrong_kind(name, "a list of texts", item)
            _refuse_long(name, item, max_bytes, RoomCode.BAD_PARAMETER)
        return tuple(cast("list[str]", items))

    def _present(self, name: str) -> object:
        value = self._wire.get(name)
        if value is None:
            raise BadRequest(name, "is missing")
        return value

    def _required(self, name: str) -> object:
        value = self._present(name)
        if self._strict_presence and not value:
            raise BadRequest(name, "is empty")
        return value


def valid_id(name: str, value: str) -> str:
    """
    Return the id unchanged.

    Raises:
        BadRequest: If it is not 1 to 64 of ``A-Z a-z 0-9 _ -``; nothing else
            may name a room, a user or a stream (``reliability.md`` S10).

    """
    if not _ID.fullmatch(value):
        raise BadRequest(name, "is not 1 to 64 letters, digits, '_' or '-'")
    return value


def _whole(name: str, value: object, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_kind(name, "a whole number", value)
    if not 0 <= value <= maximum:
        raise BadRequest(name, f"is not between 0 and {maximum}")
    return value


def _refuse_long(name: str, value: str, max_bytes: int, code: RoomCode) -> None:
    # Byte length is at most four times the character count: most need no encoding.
    if len(value) * 4 > max_bytes and len(value.encode("utf-8")) > max_bytes:
        raise BadRequest(name, f"is longer than {max_bytes} bytes", code)


def _wrong_kind(name: str, wanted: str, value: object) -> BadRequest:
    got = _KINDS.get(type(value), "something else")
    return BadRequest(name, f"must be {wanted}, not {got}", RoomCode.EXCEPTION)
