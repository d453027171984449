"""The time of a recording: the least of the stamps, which are late or right."""

from __future__ import annotations

import random

import pytest

from kiosk.alsa.card_time import CardTime
from kiosk.ports import Micros


PERIOD_US = 20_000


def test_the_earliest_of_the_first_stamps_is_believed() -> None:
    time = CardTime()
    for origin in (1_000_900.0, 1_000_010.0, 1_003_000.0):
        time.learn(origin)

    assert time.after(0) == 1_000_010
    assert time.after(PERIOD_US) == 1_020_010


@pytest.mark.parametrize("ppm", [-300, 0, 300])
def test_late_stamps_do_not_make_the_recording_late(ppm: int) -> None:
    chance = random.Random(3)
    time = CardTime()
    errors: list[float] = []
    for number in range(3_000):
        true_origin = number * PERIOD_US * ppm / 1e6
        time.follow(true_origin + chance.uniform(0, 4_000), PERIOD_US)
        errors.append(time.after(0) - true_origin)

    assert max(errors[500:]) < 2_500
    assert min(errors[500:]) > -500


def test_what_was_read_already_proves_all_stamps_before_it_late() -> None:
    time = CardTime()
    time.learn(3_000.0)

    time.was_captured(PERIOD_US, Micros(20_500))

    assert (time.after(0), time.after(PERIOD_US)) == (500, 20_500)


def test_what_was_read_late_proves_nothing() -> None:
    time = CardTime()
    time.learn(3_000.0)

    time.was_captured(PERIOD_US, Micros(90_000))

    assert time.after(0) == 3_000


def test_a_gap_is_taken_over_at_once() -> None:
    time = CardTime()
    time.follow(0.0, PERIOD_US)
    time.follow(50_000.0, PERIOD_US)

    assert time.after(0) == 50_000


def test_a_stamp_moves_it_down_five_times_as_fast_as_up() -> None:
    time = CardTime()
    time.follow(0.0, PERIOD_US)
    time.follow(-9_000.0, PERIOD_US)
    down = time.after(0)
    time.follow(9_000.0, PERIOD_US)

    assert (down, time.after(0)) == (-100, -80)
