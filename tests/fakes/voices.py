"""
Babbling voices for echo cancellers: random syllables, vowels and hisses.

Two seeds are two speakers who never say the same; nothing repeats within a
minute, so that one sentence cannot be taken for another's echo.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE


Sound = npt.NDArray[np.float64]

VOWELS_HZ = (
    (730.0, 1090.0, 2440.0),
    (270.0, 2290.0, 3010.0),
    (300.0, 870.0, 2240.0),
    (530.0, 1840.0, 2480.0),
    (570.0, 840.0, 2410.0),
)
HARMONICS = 40


def voice(seconds: float, seed: int, pitch_hz: float, peak: float = 0.5) -> Sound:
    """Return so much of a voice; full scale is 1."""
    random = np.random.default_rng(seed)
    line = np.zeros(round(seconds * SAMPLE_RATE))
    at = 0
    while at < line.size:
        said = _syllable(random, pitch_hz)
        part = said[: line.size - at]
        line[at : at + part.size] += part
        pause_s = random.choice((0.02, 0.05, 0.12, 0.4), p=(0.4, 0.35, 0.17, 0.08))
        at += said.size + round(pause_s * SAMPLE_RATE)
    return line * peak / float(np.abs(line).max())


def _syllable(random: np.random.Generator, pitch_hz: float) -> Sound:
    vowel = _vowel(random, pitch_hz)
    if random.random() < 0.4:
        hiss = random.standard_normal(random.integers(2_000, 5_000))
        hiss = np.diff(hiss, prepend=0.0)  # as of an s: mostly high
        return np.concatenate((0.12 * _faded(hiss), vowel))
    return vowel


def _vowel(random: np.random.Generator, pitch_hz: float) -> Sound:
    n_samples = int(random.integers(5_000, 14_000))
    low, high = (float(end) for end in random.uniform(0.85, 1.2, 2))
    sways = np.linspace(low, high, n_samples)
    phase = 2 * np.pi * np.cumsum(pitch_hz * sways) / SAMPLE_RATE
    formants = VOWELS_HZ[random.integers(len(VOWELS_HZ))]
    sound = np.zeros(n_samples)
    for harmonic in range(1, HARMONICS + 1):
        hz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hz - f) / 120) ** 2) / f**0.5 for f in formants)
        sound += gain * np.sin(harmonic * phase + random.uniform(0, 2 * np.pi))
    loudness = random.uniform(0.4, 1.0) / float(np.abs(sound).max())
    return loudness * _faded(sound)


def _faded(sound: Sound) -> Sound:
    n_fade = min(1_500, sound.size // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, n_fade)) ** 2
    shaped = sound.copy()
    shaped[:n_fade] *= ramp
    shaped[-n_fade:] *= ramp[::-1]
    return shaped
