"""What a gate answered, read by tests."""

from __future__ import annotations

from kiosk.roomserver.relay_terms import Permit, Refusal


def refused(answer: Permit | Refusal) -> str:
    """Return why a gate let nobody in."""
    assert isinstance(answer, Refusal), "was let in"
    return answer.reason


def admitted(answer: Permit | Refusal) -> Permit:
    """Return what a gate let in with; it goes on at that moment."""
    assert not isinstance(answer, Refusal), answer.reason
    assert answer() == ""
    return answer
