"""
JSON from strangers: one object in, or one clear error.

Python's decoder has seven ways to fail that are not a ``JSONDecodeError`` or
that are no failure at all (``reliability.md`` finding 8): recursion, ``NaN``,
``Infinity``, ``1e999``, lone surrogates, duplicate keys, endless integers.  All
of them end here as :exc:`BadJson`, which is a ``ValueError``.  The eighth,
``false == 0``, is the business of :mod:`kiosk.room.fields`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn, TypeAlias, cast


Wire: TypeAlias = dict[str, object]
"""One JSON object as it crosses the wire."""

MAX_REQUEST_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 1024 * 1024
MAX_DEPTH = 16
_MAX_INTEGER_DIGITS = 18
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


class BadJson(ValueError):
    """Bytes that are not one harmless JSON object."""


def parse_json(body: bytes, max_bytes: int = MAX_REQUEST_BYTES) -> Wire:
    """
    Read one JSON object.

    Raises:
        BadJson: If the body is too big, too deep, not UTF-8, not JSON, not an
            object, or holds a number or text no honest peer sends.

    """
    if len(body) > max_bytes:
        raise BadJson(f"body of {len(body)} bytes, at most {max_bytes} are read")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from None
    _refuse_depth(text)
    try:
        value: object = _decoded(text)
    except BadJson:
        raise
    except ValueError as error:
        raise BadJson(f"not JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise BadJson("a JSON object is expected")
    if "\\u" in text:
        _refuse_surrogates(cast("Wire", value))
    return cast("Wire", value)


def dump_json(wire: Mapping[str, object]) -> bytes:
    """Write one JSON object, UTF-8, without needless spaces."""
    return _ENCODER.encode(wire).encode("utf-8")


def _decoded(text: str) -> object:
    if text[:1] == "{":  # as honest peers begin: no space has to be looked for
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return _DECODER.decode(text)


def quoted(text: str) -> bytes:
    """Write one text as it stands in JSON, with its quotes."""
    return _ENCODER.encode(text).encode("utf-8")


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _NESTING.finditer(text):
        first = match.group()[0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadJson(f"nested deeper than {MAX_DEPTH}")
        elif first in "]}":
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadJson("a number is out of range")
    return number


def _bounded(text: str) -> int:
    if len(text) > _MAX_INTEGER_DIGITS:
        raise BadJson("an integer has too many digits")
    return int(text)


def _without_duplicates(pairs: list[tuple[str, object]]) -> Wire:
    wire = dict(pairs)
    if len(wire) != len(pairs):
        raise BadJson("a key appears twice in one object")
    return wire


def _refuse_surrogates(wire: Wire) -> None:
    try:
        dump_json(wire)
    except UnicodeEncodeError:
        raise BadJson("half of a surrogate pair in a text") from None


def _reason(error: ValueError) -> str:
    # JSONDecodeError's text names the position and quotes nothing of the body.
    return str(error)


# Made once: with options json.loads and json.dumps make one at every call.
_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant,
    parse_float=_finite,
    parse_int=_bounded,
    object_pairs_hook=_without_duplicates,
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
