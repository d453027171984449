"""Two sound cards' clocks: the drift is learnt, jitter is not followed, jumps are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kiosk.media.clock_follower import ClockFollower, Reading


BLOCK = 480


def followed(
    seconds: float, *, drift: float = 0.0, jitter: float = 0.0, seed: int = 1
) -> tuple[ClockFollower, list[Reading], list[float]]:
    """Follow measured places; returns also the true ones."""
    random = np.random.default_rng(seed)
    follower = ClockFollower()
    true = [5_000 + i * BLOCK * (1 + drift) for i in range(round(seconds * 100))]
    readings = [
        follower.follow(place + random.uniform(-jitter, jitter), BLOCK)
        for place in true
    ]
    return follower, readings, true


@pytest.mark.parametrize("ppm", [-200, -100, 0, 100, 200])
def test_a_drift_is_learnt_and_the_place_stays_true(ppm: int) -> None:
    follower, readings, true = followed(20, drift=ppm / 1e6)

    assert follower.drift * 1e6 == pytest.approx(ppm, abs=3)
    late = [abs(r.place - t) for r, t in zip(readings, true, strict=True)]
    assert max(late) < 10
    assert max(late[1000:]) < 0.5


def test_stamps_that_tremble_by_half_a_millisecond_are_averaged() -> None:
    follower, readings, true = followed(60, drift=100e-6, jitter=24)

    late = np.array([r.place - t for r, t in zip(readings, true, strict=True)])
    assert np.abs(late[3000:]).max() < 3
    assert follower.drift * 1e6 == pytest.approx(100, abs=20)


def test_every_block_begins_where_the_last_one_ended() -> None:
    _, readings, _ = followed(10, drift=100e-6, jitter=24)

    for one, other in itertools.pairwise(readings):
        assert other.place == pytest.approx(one.place + one.speed * BLOCK)


def test_a_jump_is_taken_over_with_the_third_block_that_tells_of_it() -> None:
    follower, readings, _ = followed(5)
    end = readings[-1].place
    jumped = [follower.follow(end + 5_000 + i * BLOCK, BLOCK) for i in range(1, 5)]

    places = [reading.place - end for reading in jumped]
    assert places[:2] == pytest.approx([BLOCK, 2 * BLOCK], abs=1)
    assert places[2:] == pytest.approx([5_000 + 3 * BLOCK, 5_000 + 4 * BLOCK], abs=1)


def test_one_wrong_stamp_moves_nothing() -> None:
    follower, readings, _ = followed(5)
    end = readings[-1].place
    follower.follow(end + BLOCK + 4_000, BLOCK)

    after = follower.follow(end + 2 * BLOCK, BLOCK)

    assert after.place == pytest.approx(end + 2 * BLOCK, abs=0.1)
    assert after.speed == pytest.approx(1.0, abs=1e-6)
