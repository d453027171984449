"""Quiet and loud customers come to one level; noise and the agent's voice do not count."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.media.gain import LEAST_DB, MOST_DB, TARGET_DBFS, GainControl
from tests.fakes.echo_room import level_db
from tests.fakes.voices import Sound, voice


VOICE = voice(20.0, seed=2, pitch_hz=205.0)


def pcm_of(sound: Sound) -> bytes:
    return bytes(np.rint(32767 * sound).astype("<i2").tobytes())


def levelled(gain: GainControl, sound: Sound, *, far_talks: bool = False) -> Sound:
    pcm = pcm_of(sound)
    out = b"".join(
        gain.level(pcm[at : at + 960], far_talks=far_talks)
        for at in range(0, len(pcm), 960)
    )
    return np.frombuffer(out, "<i2") / 32768


@pytest.mark.parametrize("peak", [0.1, 0.25, 0.5])
def test_after_some_sentences_everybody_is_as_loud(peak: float) -> None:
    out = levelled(GainControl(), VOICE * peak / 0.5)

    words = out[12 * 48_000 :]
    assert level_db(words) == pytest.approx(TARGET_DBFS, abs=3)


def test_a_whisper_is_raised_only_so_far_and_a_shout_lowered() -> None:
    whispered, shouted = GainControl(), GainControl()
    levelled(whispered, VOICE * 0.03)
    levelled(shouted, VOICE * 1.9)

    assert whispered.gain_db == pytest.approx(MOST_DB, abs=0.1)
    assert LEAST_DB <= shouted.gain_db < 0


def test_the_agents_voice_in_the_room_moves_nothing() -> None:
    gain = GainControl()
    quiet = VOICE * 0.1

    assert np.array_equal(levelled(gain, quiet, far_talks=True), levelled_none(quiet))
    assert gain.gain_db == 0.0


def levelled_none(sound: Sound) -> Sound:
    return np.frombuffer(pcm_of(sound), "<i2") / 32768


def test_the_noise_of_the_room_is_not_pulled_up() -> None:
    gain = GainControl()
    levelled(gain, 0.003 * np.random.default_rng(1).standard_normal(20 * 48_000))

    assert gain.gain_db == 0.0


def test_a_shout_after_quiet_words_is_not_clipped() -> None:
    gain = GainControl()
    levelled(gain, VOICE * 0.1)
    raised = gain.gain_db
    shout = 0.8 * np.sin(2 * np.pi * 440 * np.arange(4_800) / 48_000)
    out = levelled(gain, shout)

    assert raised > 6
    assert np.abs(out).max() < 0.92
    steps = np.abs(np.diff(out))
    assert steps.max() < 0.08


def test_silence_stays_silence() -> None:
    assert not levelled(GainControl(), np.zeros(48_000)).any()
