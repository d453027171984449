"""How late units come, against the quickest way of their connection."""

from __future__ import annotations

from kiosk.media.backlog import Backlog
from kiosk.ports import Micros


SECOND = 1_000_000


def at(seconds: float) -> Micros:
    return Micros(round(seconds * SECOND))


def test_the_first_unit_is_in_time_and_nothing_is_late_before_it() -> None:
    backlog = Backlog()

    assert backlog.late_us(0, at(9)) == 0
    assert backlog.note(0, at(9)) == 0


def test_a_unit_is_as_late_as_its_way_was_longer_than_the_quickest() -> None:
    backlog = Backlog()
    backlog.note(0, at(5.3))
    backlog.note(SECOND, at(6.1))

    assert backlog.note(2 * SECOND, at(7.12)) == 0
    # 4 s passed since, of which a fiftieth may be the clocks'
    assert backlog.note(3 * SECOND, at(11.12)) == 3 * SECOND - 80_000
    assert backlog.late_us(4 * SECOND, at(11.12)) == 2 * SECOND - 80_000


def test_a_backlog_that_is_brought_in_again_leaves_nothing_late() -> None:
    backlog = Backlog()
    backlog.note(0, at(1))

    assert backlog.note(SECOND, at(5)) > 2 * SECOND
    assert backlog.note(4 * SECOND, at(5.05)) == 0


def test_a_sender_whose_clock_is_slow_by_a_hundredth_is_never_late() -> None:
    backlog = Backlog()
    late_us = [backlog.note(n * 990_000, at(1 + n)) for n in range(600)]

    assert max(late_us) == 0


def test_time_that_stands_still_or_goes_back_begins_anew() -> None:
    backlog = Backlog()
    still = [backlog.note(0, at(n)) for n in range(9)]
    backlog.note(100 * SECOND, at(9))
    back = backlog.note(0, at(10))

    assert (still, back) == ([0] * 9, 0)
    assert backlog.note(SECOND, at(11)) == 0


def test_another_connection_begins_anew() -> None:
    backlog = Backlog()
    backlog.note(0, at(1))
    backlog.restart()

    assert backlog.note(SECOND, at(60)) == 0
