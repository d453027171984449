"""The ladder's history on disk: read back whole, or known to be damaged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ladder.record import DAMAGED, Record, from_text, to_text
from kiosk.ladder.rungs import History, Rung


WRITTEN = Record(
    History((12.0, 3.5), (600.0,), "0e7b", 1234.5), Rung.SAFE_SCREEN, "K006", "watchdog"
)


def test_what_was_written_is_read_back() -> None:
    assert from_text(to_text(WRITTEN)) == WRITTEN
    assert from_text(to_text(Record())) == Record()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("failures", 3),
        ("failures", ["soon"]),
        ("failures", [-1]),
        ("reboots", [1e999]),
        ("boot", None),
        ("rung", "jump"),
        ("counted_to", "x"),
        ("code", 5),
    ],
)
def test_what_is_not_ours_is_known_to_be_damaged(key: str, value: object) -> None:
    content = {**json.loads(to_text(WRITTEN)), key: value}

    assert from_text(json.dumps(content)) is DAMAGED


def test_a_record_without_a_key_or_of_another_kind_is_damaged() -> None:
    content = json.loads(to_text(WRITTEN))
    del content["reboots"]

    assert from_text(json.dumps(content)) is DAMAGED
    assert from_text("[]") is DAMAGED
    assert from_text("[" * 100_000) is DAMAGED


def test_every_half_of_a_record_is_damaged() -> None:
    text = to_text(WRITTEN).rstrip()

    for length in range(len(text)):
        assert from_text(text[:length]) is DAMAGED


def test_more_than_anybody_counts_is_cut() -> None:
    content = {**json.loads(to_text(WRITTEN)), "reboots": [1.0] * 100}

    assert from_text(json.dumps(content)).history.reboots == (1.0, 1.0, 1.0)


@pytest.mark.hypothesis
@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    assert isinstance(from_text(text), Record)
