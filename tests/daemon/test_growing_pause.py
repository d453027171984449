"""Pauses that grow and are scattered."""

from __future__ import annotations

from kiosk.daemon.growing_pause import GrowingPause


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def test_each_pause_is_longer_up_to_the_longest_and_a_success_begins_anew() -> None:
    pause = GrowingPause(4.0, 8.0, middle)

    assert [pause.next_s() for _ in range(4)] == [4.0, 6.0, 8.0, 8.0]
    pause.reset()
    assert pause.next_s() == 4.0


def test_many_who_wait_for_the_same_do_not_come_back_together() -> None:
    waits = {GrowingPause(10.0, 60.0).next_s() for _ in range(50)}

    assert len(waits) > 40
    assert all(5.0 <= one <= 15.0 for one in waits)
