"""When a stream is tried again: soon at first, never at once, not all together."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from kiosk.media.retrying import Retrying
from kiosk.ports import Micros


STALLED_US = 3_000_000


def middling() -> float:
    return 0.5


def dues(retrying: Retrying, attempts: int, took_us: int) -> list[int]:
    """Return when each attempt began, one after the other."""
    began = [0]
    for _ in range(attempts):
        ended = Micros(began[-1] + took_us)
        began.append(retrying.due(Micros(began[-1]), ended))
    return began


def test_pauses_after_a_refusal_double_up_to_the_longest() -> None:
    began = dues(Retrying(0.3, 3.0, middling), 6, took_us=0)
    pauses_ms = [(after - before) // 1000 for before, after in pairwise(began)]

    assert pauses_ms == [300, 600, 1200, 2400, 3000, 3000]


def test_an_attempt_that_took_longer_than_its_pause_is_followed_by_half_of_it() -> None:
    began = dues(Retrying(0.3, 3.0, middling), 6, took_us=STALLED_US)
    rests_ms = [
        (after - before - STALLED_US) // 1000 for before, after in pairwise(began)
    ]

    assert rests_ms == [150, 300, 600, 1200, 1500, 1500]


def test_the_first_two_pauses_after_a_network_that_was_away_are_short() -> None:
    for seed in range(50):
        began = dues(Retrying(0.3, 3.0, Random(seed).random), 2, took_us=STALLED_US)

        assert began[2] - 2 * STALLED_US < 700_000


def test_a_success_makes_the_next_pause_the_first_one_again() -> None:
    retrying = Retrying(0.3, 3.0, middling)
    dues(retrying, 4, took_us=0)
    retrying.succeeded()

    assert retrying.due(Micros(0), Micros(0)) == 300_000


def test_many_who_failed_together_do_not_come_back_together() -> None:
    due_us = [
        Retrying(3.0, 3.0, Random(seed).random).due(Micros(0), Micros(STALLED_US))
        for seed in range(200)
    ]

    assert max(due_us) - min(due_us) > 1_000_000
