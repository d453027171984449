"""An upgrade waits for the end of a call, however long that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kiosk.call.states import CALL_STATES, State
from kiosk.errors import ControlError
from kiosk.renewal import AT_REST, wait_for_rest


def answers(states: list[str]) -> tuple[Callable[[], Mapping[str, Any]], Iterator[str]]:
    left = iter(states)
    return lambda: {"state": next(left)}, left


def refused(_: int) -> None:
    raise ControlError("somebody is at the kiosk; ask again later")


def test_a_kiosk_at_rest_lets_no_call_begin_and_is_restarted() -> None:
    asked: list[int] = []
    ask, left = answers(["IN_CALL", "ENDED", "IDLE", "IDLE"])

    said = wait_for_rest(ask, asked.append, lambda _: None)

    assert said == "it lets no call begin"
    assert asked == [60]
    assert list(left) == ["IDLE"]


def test_an_older_kiosk_at_rest_is_restarted_after_a_few_looks() -> None:
    pauses: list[float] = []
    ask, left = answers(["IDLE"] * 10)

    assert wait_for_rest(ask, refused, pauses.append) == "nobody is in a call"

    assert len(list(left)) == 7
    assert sum(pauses) == 6.0


@pytest.mark.parametrize("busy", sorted(set(State.__members__) - AT_REST))
def test_somebody_who_is_served_is_waited_for(busy: str) -> None:
    ask, left = answers(["IDLE", "IDLE", *[busy] * 500, "IDLE", "IDLE", "IDLE"])

    assert wait_for_rest(ask, refused, lambda _: None) == "nobody is in a call"

    assert list(left) == []


def test_no_state_of_a_call_is_a_state_of_rest() -> None:
    assert not AT_REST & {state.name for state in CALL_STATES}


def test_a_kiosk_that_answers_nothing_for_half_a_minute_is_restarted() -> None:
    pauses: list[float] = []

    def ask() -> Mapping[str, Any]:
        raise ControlError("no daemon answers; start it")

    said = wait_for_rest(ask, refused, pauses.append)

    assert said.startswith("it does not answer: no daemon")
    assert sum(pauses) == 28.0


def test_one_answer_that_does_not_come_ends_no_call() -> None:
    answered = iter(["IN_CALL", "", "IN_CALL", "", "", "ENDED", "IDLE", "IDLE"])
    asked: list[int] = []

    def ask() -> Mapping[str, Any]:
        state = next(answered)
        if not state:
            raise ControlError("no answer within 5 s")
        return {"state": state}

    said = wait_for_rest(ask, asked.append, lambda _: None)

    assert said == "it lets no call begin"
    assert list(answered) == ["IDLE"]
