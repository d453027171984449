"""Half duplex: down at once, up after the echo has died away, never a click."""

from __future__ import annotations

import numpy as np

from kiosk.codec.ducking import DUCKED, Ducker, talks


LOUD = np.full(480, 10_000, "<i2").tobytes()
QUIET = np.full(480, 100, "<i2").tobytes()


def levels(ducker: Ducker, talking: list[bool]) -> list[int]:
    """Return the last sample of each block of a steady microphone."""
    return [
        int(np.frombuffer(ducker.duck(LOUD, talking=talk), "<i2")[-1])
        for talk in talking
    ]


def test_speech_talks_and_a_fan_does_not() -> None:
    assert talks(LOUD)
    assert not talks(QUIET)
    assert not talks(bytes(960))


def test_in_silence_the_microphone_passes_untouched() -> None:
    assert Ducker().duck(LOUD, talking=False) is LOUD


def test_it_is_down_within_one_block_and_without_a_step() -> None:
    ramp = np.frombuffer(Ducker().duck(LOUD, talking=True), "<i2").astype(int)

    assert ramp[0] == 10_000
    assert ramp[-1] == round(10_000 * DUCKED)
    assert np.abs(np.diff(ramp)).max() < 25


def test_it_stays_down_for_an_echo_that_comes_late_and_opens_again() -> None:
    got = levels(Ducker(), [True] + [False] * 60)

    assert set(got[:44]) == {round(10_000 * DUCKED)}
    assert got[-1] == 10_000
    assert got == sorted(got)
