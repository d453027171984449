"""How loud a mix is played: by ear, by the limits of a loudspeaker, and to the canceller."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.media.limiter import FULL, Limiter
from kiosk.media.playout import PERIOD
from kiosk.media.stretch import Pcm
from kiosk.media.volume import Volume
from kiosk.ports import SAMPLE_RATE, Peer
from tests.fakes.hearing import samples_of, tone_dbfs
from tests.fakes.media_kit import MediaKit, until


TONE_HZ = 500


def tone(peak: float, seconds: float = 1.0) -> Pcm:
    turn = 2 * np.pi * TONE_HZ / SAMPLE_RATE
    wave = peak * np.sin(turn * np.arange(round(seconds * SAMPLE_RATE)))
    return np.asarray(wave, np.float32)


def played(volume: Volume, sound: Pcm) -> Pcm:
    periods = sound.reshape(-1, PERIOD)
    return np.concatenate([volume.turned(period) for period in periods])


@pytest.mark.parametrize("decibels", [-24, -3, 3, 9])
def test_it_is_as_much_louder_as_it_says(decibels: int) -> None:
    before = tone(2_000)
    after = played(Volume(decibels), before)

    gain = 20 * np.log10(float(np.abs(after).max() / np.abs(before).max()))
    assert gain == pytest.approx(decibels, abs=0.01)


def test_what_is_not_turned_is_passed_on_to_the_sample() -> None:
    volume = Volume()
    sound = tone(30_000)

    assert volume.is_plain
    assert np.array_equal(played(volume, sound), sound)


def test_turning_makes_no_click_and_is_heard_from_the_next_period_on() -> None:
    volume, sound = Volume(), tone(2_000, 0.1)
    before = played(volume, sound)
    volume.set(9.0)
    after = played(volume, sound)

    steps = np.abs(np.diff(np.concatenate((before, after))))
    steady = np.abs(np.diff(after[PERIOD:])).max()
    assert not volume.is_plain
    assert float(steps.max()) <= float(steady) * 1.02
    assert float(np.abs(after[PERIOD:]).max()) == pytest.approx(2_000 * 2.818, rel=0.01)


def test_what_becomes_too_loud_is_turned_down_and_not_cut_off() -> None:
    volume, limiter, sound = Volume(9.0), Limiter(), tone(30_000)
    periods = sound.reshape(-1, PERIOD)
    out = [limiter.limit(volume.turned(period)) for period in periods]

    last = np.concatenate(out[-20:])
    shape = last / np.abs(last).max() - periods[-20:].ravel() / 30_000
    assert float(np.abs(np.concatenate(out)).max()) <= FULL
    assert float(np.abs(shape).max()) < 0.01


async def test_a_player_that_is_turned_down_plays_and_tells_less() -> None:
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)
    await player.play(Peer("agent", "Agent", "rtmp://127.0.0.1:9/live/gone"))
    player.announce(tone(8_000, 30.0).astype("<i2").tobytes())

    def told_dbfs() -> float:
        """Return the level of the tone where the echo canceller hears it."""
        reference, length = kit.session._reference, SAMPLE_RATE // 4
        place = reference.place_of(kit.clock.now())
        if place is None:
            return -120.0
        return tone_dbfs(
            samples_of(reference.read(place - length, length, 1.0)), TONE_HZ
        )

    try:
        await until(lambda: abs(told_dbfs() - -12.2) < 1.0)
        player.set_volume(-12.0)
        await until(lambda: abs(told_dbfs() - -24.2) < 1.0)
        recent = samples_of(kit.speaker.played())[-SAMPLE_RATE // 10 :]
        assert tone_dbfs(recent, TONE_HZ) < -20
    finally:
        await player.close()
