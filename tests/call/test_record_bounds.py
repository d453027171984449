"""How large a call's record may be: what holds it, and what carries it."""

from __future__ import annotations

import json
from dataclasses import asdict

from kiosk.call.record_bounds import (
    IN_MEMORY,
    LARGEST_ANSWER_BYTES,
    LARGEST_BYTES,
    LONGEST_REASON,
    MOST_LOSSES,
    MOST_PARTIES,
    MOST_PASSAGES,
    MOST_SPANS,
    MOST_SPANS_RECEIVED,
)
from tests.fakes.records import fullest_record


def test_a_record_that_is_full_in_every_way_is_within_its_bounds() -> None:
    full = fullest_record()

    assert len(full.received) == MOST_PARTIES
    assert len(full.passages) == MOST_PASSAGES
    assert len(full.devices_lost) == MOST_LOSSES
    assert len(full.reason) == len(full.devices_lost[0].reason) == LONGEST_REASON
    assert full.sent is not None
    assert len(full.sent.rates) <= MOST_SPANS
    spans = sum(len(party.rates) for party in full.received)
    assert MOST_SPANS < spans <= MOST_SPANS_RECEIVED


def test_the_largest_file_and_the_largest_answer_are_not_much_larger_than_full() -> (
    None
):
    full = asdict(fullest_record())
    file = json.dumps(full, indent=1)
    answer = json.dumps({"calls": [full] * IN_MEMORY})

    assert 0.75 * LARGEST_BYTES < len(file) <= LARGEST_BYTES
    assert 0.5 * LARGEST_ANSWER_BYTES < len(answer) <= LARGEST_ANSWER_BYTES
