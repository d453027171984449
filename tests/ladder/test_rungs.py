"""The ladder's decisions: restart, safe screen, reboot, and never a boot loop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ladder.rungs import (
    CLEAN,
    MOST_REBOOTS,
    REBOOTS_WINDOW_S,
    SPENT,
    WINDOW_S,
    History,
    Rung,
    failed,
    served,
)


R, S, B, T = Rung.RESTART, Rung.SAFE_SCREEN, Rung.REBOOT, Rung.STAY


def rungs(count: int, history: History = CLEAN) -> list[Rung]:
    taken = []
    for _ in range(count):
        step = failed(history)
        taken.append(step.rung)
        history = step.history
    return taken


def test_a_kiosk_that_never_starts_walks_every_rung_and_is_rebooted_three_times() -> (
    None
):
    taken = rungs(60)

    first, later = [R] * 4 + [S] * 5 + [B], [S] * 5 + [B]
    assert taken[:10] == first
    assert taken[10:22] == later * 2
    assert taken[22:27] == [S] * 5
    assert set(taken[27:]) == {T}
    assert taken.count(B) == MOST_REBOOTS


def test_four_crashes_in_a_call_cost_a_second_each() -> None:
    assert rungs(4) == [R] * 4


def test_ten_minutes_of_service_make_failures_forgotten_and_an_hour_reboots() -> None:
    bad = History((0.0,) * 9, (0.0,) * 3)

    later = served(bad, "boot", 0.0, WINDOW_S)
    much_later = served(later, "boot", 0.0, REBOOTS_WINDOW_S)

    assert later.failures == ()
    assert later.reboots == (WINDOW_S,) * 3
    assert much_later.is_clean


def test_service_is_counted_once_however_often_it_is_looked_at() -> None:
    bad = History((0.0,))

    at_once = served(bad, "boot", 10.0, 310.0)
    bit_by_bit = served(served(bad, "boot", 10.0, 200.0), "boot", 10.0, 310.0)

    assert at_once == bit_by_bit
    assert at_once.failures == (300.0,)


def test_seconds_of_another_boot_say_nothing_about_this_one() -> None:
    before = History((0.0,), boot="one", counted_to=5000.0)

    assert served(before, "two", 10.0, 70.0).failures == (60.0,)


def test_a_clock_that_went_back_makes_nothing_younger() -> None:
    before = History((40.0,), boot="boot", counted_to=500.0)

    assert served(before, "boot", 10.0, 20.0).failures == (40.0,)


def test_no_reboot_is_ordered_that_could_not_be_remembered() -> None:
    nine = History((0.0,) * 9)

    assert failed(nine, may_reboot=False).rung is T
    assert failed(nine).rung is B


def test_a_history_that_cannot_be_read_counts_as_one_of_three_reboots() -> None:
    assert B not in rungs(50, SPENT)


evenings = st.lists(
    st.one_of(st.none(), st.floats(0.0, 2 * REBOOTS_WINDOW_S)), max_size=200
)


@pytest.mark.hypothesis
@given(evenings)
def test_no_hour_of_service_sees_a_fourth_reboot(evening: list[float | None]) -> None:
    history, now = CLEAN, 0.0
    reboots: list[float] = []
    for service in evening:
        if service is not None:
            history = served(history, "boot", now, now + service)
            now += service
        step = failed(history)
        history = step.history
        if step.rung is B:
            reboots.append(now)

    for one, fourth in zip(reboots, reboots[MOST_REBOOTS:], strict=False):
        assert fourth - one > REBOOTS_WINDOW_S - 0.001


@pytest.mark.hypothesis
@given(evenings)
def test_a_kiosk_that_served_for_an_hour_starts_at_the_bottom(
    evening: list[float | None],
) -> None:
    history = CLEAN
    for service in evening:
        history = served(history, "boot", 0.0, 0.0 if service is None else service)
        history = failed(history).history

    healed = served(history, "next", 0.0, REBOOTS_WINDOW_S)

    assert healed.is_clean
    assert failed(healed).rung is R
