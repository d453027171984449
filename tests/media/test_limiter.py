"""Several voices at once are turned down, never cut off."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.media.limiter import FULL, Limiter
from kiosk.media.stretch import Pcm


PERIOD = 480


def voice(hertz: float, peak: float, periods: int = 100) -> Pcm:
    at = np.arange(periods * PERIOD) / 48_000
    return (peak * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def limited(limiter: Limiter, sound: Pcm) -> Pcm:
    periods = sound.reshape(-1, PERIOD)
    return np.concatenate([limiter.limit(period) for period in periods])


def test_one_voice_passes_as_it_is_up_to_full_scale() -> None:
    loud = voice(440, FULL)

    assert np.array_equal(limited(Limiter(), loud), loud)


def test_three_loud_voices_stay_within_full_scale() -> None:
    mixed = voice(440, FULL) + voice(550, FULL) + voice(660, FULL)

    heard = limited(Limiter(), mixed)

    assert np.abs(mixed).max() > 2.5 * FULL
    assert np.abs(heard).max() <= FULL * 1.000001
    assert np.abs(heard).max() > 0.9 * FULL


def test_what_is_turned_down_keeps_its_shape() -> None:
    mixed = voice(440, 2 * FULL)

    heard = limited(Limiter(), mixed)

    shape = np.corrcoef(heard[PERIOD:], mixed[PERIOD:])[0, 1]
    cut_off = np.corrcoef(np.clip(mixed, -FULL, FULL)[PERIOD:], mixed[PERIOD:])[0, 1]
    assert shape > 0.9999 > cut_off


def test_turning_down_makes_no_click() -> None:
    limiter = Limiter()
    mixed = np.concatenate((voice(440, 0.5 * FULL, 5), voice(440, 2 * FULL, 5)))
    steepest_wave = 2 * np.pi * 440 / 48_000

    heard = limited(limiter, mixed)

    assert np.abs(np.diff(heard)).max() < 2 * FULL * steepest_wave * 1.2


def test_after_a_second_all_is_as_loud_as_it_came() -> None:
    limiter = Limiter()
    limiter.limit(voice(440, 2 * FULL, 1))
    assert limiter.gain == pytest.approx(0.5)
    quiet = voice(440, 0.2 * FULL)

    heard = limited(limiter, quiet)

    assert limiter.gain == 1.0
    assert np.array_equal(heard[-PERIOD:], quiet[-PERIOD:])


def test_a_peak_at_the_very_beginning_is_no_overflow() -> None:
    mixed = np.zeros(PERIOD, np.float32)
    mixed[0] = 3 * FULL

    assert Limiter().limit(mixed)[0] == pytest.approx(FULL)
