from __future__ import annotations

import pytest

from kiosk.room.wire_json import MAX_DEPTH, BadJson, dump_json, parse_json


def test_an_object_is_read_as_it_was_written() -> None:
    wire: dict[str, object] = {"a": "柜台 1", "b": [1, 2.5, True, None], "c": {}}

    assert parse_json(dump_json(wire)) == wire


@pytest.mark.parametrize("body", [b'{"a":1}\r\n', b' {"a":1}', b'{"a":1} '])
def test_space_around_an_object_is_none_of_it(body: bytes) -> None:
    assert parse_json(body) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b'{"a":1}{"a":1}', "not JSON"),
        (b"[" * 60_000, "nested deeper"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested deeper"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":Infinity}', "Infinity is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1e999}', "out of range"),
        (rb'{"a":"\ud800"}', "surrogate"),
        (rb'{"\udfff":1}', "surrogate"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"b":{"a":1,"a":1}}', "twice"),
        (b'{"a":' + b"9" * 5_000 + b"}", "too many digits"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b'{"userID":', "not JSON"),
        (b"", "not JSON"),
        (b'{"a":"\n"}', "not JSON"),
        (b"[]", "object is expected"),
        (b"false", "object is expected"),
        (b'"a"', "object is expected"),
        (b'{"a":"' + b"x" * 65_536 + b'"}', "at most 65536"),
    ],
)
def test_bytes_no_honest_peer_sends_end_as_one_kind_of_error(
    body: bytes, cause: str
) -> None:
    with pytest.raises(BadJson, match=cause):
        parse_json(body)


def test_brackets_inside_texts_are_no_depth() -> None:
    body = dump_json({"a": '[{"' * MAX_DEPTH, "b": [{}, [], {}] * MAX_DEPTH})

    assert len(parse_json(body)) == 2


def test_a_whole_surrogate_pair_is_an_ordinary_character() -> None:
    assert parse_json(rb'{"a":"\ud83d\ude00"}') == {"a": "\U0001f600"}


def test_a_larger_limit_may_be_given() -> None:
    body = dump_json({"a": "x" * 70_000})

    assert parse_json(body, max_bytes=100_000)
