"""Calls wait for a time that can be right, and go on by themselves once it is."""

from __future__ import annotations

from kiosk.daemon.clock_watch import ClockFacts, ClockWatch


class Told:
    """A clock as a test wants it, and how often somebody was asked to look again."""

    def __init__(self, facts: ClockFacts, *, matters: bool = True) -> None:
        self.facts = facts
        self.looks = 0
        self.watch = ClockWatch(
            lambda: self.facts, matters=matters, look_again=self._look
        )
        self.watch.look()

    def _look(self) -> None:
        self.looks += 1


WRONG = ClockFacts("the clock says 1970-01-01", synchronized=False)
EARLY = ClockFacts(synchronized=False, is_early=True)
PLAUSIBLE = ClockFacts(synchronized=False)
SET = ClockFacts(synchronized=True)


def test_a_clock_that_is_wrong_refuses_calls_until_it_is_right() -> None:
    told = Told(WRONG)
    assert told.watch.refusal == "N013 the clock says 1970-01-01"
    assert not told.watch.is_waiting
    told.looks = 0

    told.facts = SET
    told.watch.look()

    assert told.watch.refusal == ""
    assert told.looks == 1


def test_without_tls_the_time_is_told_and_refuses_nothing() -> None:
    told = Told(WRONG, matters=False)

    assert told.watch.refusal == ""
    assert not told.watch.is_waiting
    assert told.watch.facts is WRONG


def test_just_after_power_on_a_time_server_is_waited_for() -> None:
    told = Told(EARLY)
    assert told.watch.is_waiting

    told.facts = PLAUSIBLE
    told.watch.look()

    assert not told.watch.is_waiting
    assert told.watch.refusal == ""


def test_a_wrong_clock_is_no_reason_to_be_out_of_service_before_its_time() -> None:
    told = Told(ClockFacts("1970", synchronized=False, is_early=True))
    assert told.watch.is_waiting
    told.looks = 0

    told.facts = WRONG
    told.watch.look()

    assert not told.watch.is_waiting
    assert told.watch.refusal
    assert told.looks == 1  # the screen is to say so now


def test_where_nobody_tells_who_set_the_clock_a_plausible_time_is_enough() -> None:
    told = Told(ClockFacts(synchronized=None, is_early=True))

    assert told.watch.refusal == ""


def test_nothing_new_is_told_to_nobody() -> None:
    told = Told(SET)
    told.looks = 0

    told.watch.look()

    assert told.looks == 0
