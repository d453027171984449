from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.fields import BadRequest, Fields


Read = Callable[[Fields], object]


@pytest.mark.parametrize(
    ("value", "read", "reason", "code"),
    [
        (None, lambda f: f.text("x"), "is missing", 1),
        (5, lambda f: f.text("x"), "must be text, not a number", -1),
        (False, lambda f: f.text("x"), "must be text, not a truth value", -1),
        ("y" * 1025, lambda f: f.text("x"), "longer than 1024 bytes", 1),
        ("柜" * 342, lambda f: f.text("x"), "longer than 1024 bytes", 1),
        ({}, lambda f: f.optional_text("x"), "must be text, not an object", -1),
        ("a b", lambda f: f.identifier("x"), "letters, digits", 1),
        ("../x", lambda f: f.optional_identifier("x"), "letters, digits", 1),
        ("5", lambda f: f.count("x"), "must be a whole number, not text", -1),
        (True, lambda f: f.count("x"), "must be a whole number, not a truth", -1),
        (1.0, lambda f: f.count("x"), "must be a whole number, not a number", -1),
        (-1, lambda f: f.count("x"), "is not between 0 and", 1),
        (9, lambda f: f.count("x", 8), "is not between 0 and 8", 1),
        ("x", lambda f: f.optional_count("x"), "must be a whole number", -1),
        ("-1", lambda f: f.paging_count("x"), "must be a whole number", -1),
        ("9" * 10, lambda f: f.paging_count("x"), "must be a whole number", -1),
        (None, lambda f: f.paging_count("x"), "is missing", 1),
        (False, lambda f: f.number("x"), "must be a whole number", -1),
        (0.0, lambda f: f.number("x"), "must be a whole number", -1),
        ("1", lambda f: f.optional_seconds("x", 1), "must be a number", -1),
        (True, lambda f: f.optional_seconds("x", 1), "must be a number", -1),
        (-0.5, lambda f: f.optional_seconds("x", 1), "is negative", 1),
        (0, lambda f: f.optional_flag("x"), "must be a truth value", -1),
        ({}, lambda f: f.objects("x", 1), "must be a list, not an object", -1),
        ([{}, {}], lambda f: f.objects("x", 1), "more than 1 entries", 1),
        ([{}, []], lambda f: f.objects("x", 9), "a list of objects, not a list", -1),
    ],
)
def test_a_wrong_field_is_named_with_its_reason_and_code(
    value: object, read: Read, reason: str, code: int
) -> None:
    with pytest.raises(BadRequest, match=reason) as caught:
        read(Fields({"x": value}))

    assert caught.value.field == "x"
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "read", "result"),
    [
        ("", lambda f: f.text("x"), ""),
        (None, lambda f: f.optional_text("x"), ""),
        ("a", lambda f: f.optional_text("x"), "a"),
        (None, lambda f: f.optional_identifier("x"), ""),
        ("a-B_9", lambda f: f.optional_identifier("x"), "a-B_9"),
        (None, lambda f: f.optional_count("x", 3), 3),
        (4, lambda f: f.optional_count("x", 3), 4),
        ("2", lambda f: f.paging_count("x"), 2),
        (0, lambda f: f.paging_count("x"), 0),
        (-1, lambda f: f.number("x"), -1),
        (None, lambda f: f.optional_seconds("x", 2.5), 2.5),
        (7, lambda f: f.optional_seconds("x", 2.5), 7.0),
        (None, lambda f: f.optional_flag("x"), False),
        (True, lambda f: f.optional_flag("x"), True),
        ([{}], lambda f: f.objects("x", 1), ({},)),
        (["a", "b"], lambda f: f.texts("x", 2, 9), ("a", "b")),
        ("y" * 1024, lambda f: f.text("x"), "y" * 1024),
    ],
)
def test_a_right_field_is_returned(value: object, read: Read, result: object) -> None:
    assert read(Fields({"x": value})) == result


def test_an_empty_text_is_missing_in_v1_and_fine_in_v2() -> None:
    assert Fields({"x": ""}, Dialect.V2).text("x") == ""
    with pytest.raises(BadRequest, match="x: is empty"):
        Fields({"x": ""}, Dialect.V1).text("x")


def test_a_value_of_an_unknown_kind_is_described_as_such() -> None:
    with pytest.raises(BadRequest, match="not something else"):
        Fields({"x": b"bytes"}).text("x")


def test_no_error_repeats_the_value() -> None:
    with pytest.raises(BadRequest) as caught:
        Fields({"roomID": "secret secret"}).identifier("roomID")

    assert "secret" not in str(caught.value)
    assert caught.value.code is RoomCode.BAD_PARAMETER
