"""AMF0 values on the wire, and what a reader refuses."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp.amf0 import (
    UNDEFINED,
    Date,
    EcmaArray,
    Limits,
    Value,
    Xml,
    decode,
    encode,
)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (1.5, "00 3ff8000000000000"),
        (True, "01 01"),
        (False, "01 00"),
        ("live", "02 0004 6c697665"),
        ({"a": None}, "03 0001 61 05 0000 09"),
        (UNDEFINED, "06"),
        (EcmaArray(a=1.0), "08 00000001 0001 61 00 3ff0000000000000 0000 09"),
        ([True, "x"], "0a 00000002 0101 02 0001 78"),
        (Date(0.0, 60), "0b 0000000000000000 003c"),
        (Xml("<a/>"), "0f 00000004 3c612f3e"),
    ],
)
def test_a_value_has_one_form_on_the_wire(value: Value, wire: str) -> None:
    payload = bytes.fromhex(wire)

    assert encode(value) == payload
    assert decode(payload) == [value]


def test_several_values_follow_one_another() -> None:
    assert decode(encode("connect", 1, None)) == ["connect", 1.0, None]


def test_an_associative_array_stays_one() -> None:
    (value,) = decode(encode(EcmaArray(width=640)))

    assert isinstance(value, EcmaArray)


def test_text_over_64_kib_goes_as_long_text() -> None:
    text = "x" * 70_000

    wire = encode(text)

    assert wire[0] == 12
    assert decode(wire, Limits(text_bytes=70_000)) == [text]


def test_a_typed_object_is_read_as_an_object() -> None:
    assert decode(bytes.fromhex("10 0001 43 0001 61 05 000009")) == [{"a": None}]


def test_unsupported_is_undefined() -> None:
    assert decode(b"\x0d") == [UNDEFINED]


def test_text_that_is_not_utf8_gets_replacement_characters() -> None:
    assert decode(b"\x02\0\x01\xff") == ["\ufffd"]


@pytest.mark.parametrize("name", ["", "x" * 65_536])
def test_a_property_without_a_possible_name_is_refused(name: str) -> None:
    with pytest.raises(WireError, match="property name"):
        encode({name: 1})


@pytest.mark.parametrize("marker", [4, 7, 9, 14, 17, 255])
def test_an_unknown_type_is_refused(marker: int) -> None:
    with pytest.raises(WireError, match=f"type {marker} at byte 0"):
        decode(bytes((marker,)))


def test_an_object_needs_its_end_marker() -> None:
    with pytest.raises(WireError, match="end marker"):
        decode(b"\x03\0\0\x08")


@pytest.mark.parametrize(
    "value", [1.0, True, "text", {"key": [1.0]}, Date(1.0), Xml("x"), EcmaArray(a=1)]
)
def test_a_value_cut_short_anywhere_is_refused(value: Value) -> None:
    whole = encode(value)

    for end in range(1, len(whole)):
        with pytest.raises(WireError):
            decode(whole[:end])


def test_nesting_has_a_limit() -> None:
    deep: Value = None
    for _ in range(16):
        deep = [deep]

    with pytest.raises(WireError, match="deeper than 16"):
        decode(encode(deep))


def test_the_number_of_values_has_a_limit() -> None:
    with pytest.raises(WireError, match="more than 3 values"):
        decode(encode(1, 2, 3, 4), Limits(values=3))


def test_an_array_may_not_announce_more_than_the_limit() -> None:
    with pytest.raises(WireError, match="4294967295 values"):
        decode(b"\x0a\xff\xff\xff\xff")


@pytest.mark.parametrize("wire", [b"\x02\0\x05abcde", b"\x0c\0\0\0\x05abcde"])
def test_the_length_of_text_has_a_limit(wire: bytes) -> None:
    with pytest.raises(WireError, match="5 bytes is over the limit"):
        decode(wire, Limits(text_bytes=4))


def test_text_of_64_kib_less_one_is_the_last_that_is_short() -> None:
    assert encode("x" * 65_535)[:3] == b"\x02\xff\xff"
    assert encode("x" * 65_536)[0] == 12


def test_what_is_nested_as_deep_as_allowed_is_read() -> None:
    assert decode(encode([[1.0]]), Limits(depth=3)) == [[[1.0]]]
    with pytest.raises(WireError, match="deeper than 2"):
        decode(encode([[1.0]]), Limits(depth=2))
