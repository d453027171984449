"""
A sound that behaves like speech: syllables, pauses, a voice with formants.

For echo cancellers, level meters and ears; nobody can understand it.  Four
seconds, rendered once, repeated for ever.
"""

from __future__ import annotations

import numpy as np

from kiosk.codec.beep import Pcm, cut, s16
from kiosk.ports import SAMPLE_RATE, Micros


SECONDS = 4
PITCH_HZ = 120
FORMANTS_HZ = (500.0, 1500.0, 2500.0)
SYLLABLES_HZ = 4
PEAK = 0.4
HARMONICS = 32


class SpeechSource:
    """Implements :class:`kiosk.codec.beep.SoundSource` with a babbling voice."""

    def __init__(self) -> None:
        at = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
        # the pitch sways by 3 Hz once in the four seconds, so the loop is seamless
        phase = 2 * np.pi * PITCH_HZ * at + 12 * np.sin(2 * np.pi * at / SECONDS)
        voice = np.zeros(at.size)
        for harmonic in range(1, HARMONICS + 1):
            frequency = harmonic * PITCH_HZ
            gain = sum(1 / (1 + ((frequency - f) / 150) ** 2) for f in FORMANTS_HZ)
            voice += gain / harmonic**0.5 * np.sin(harmonic * phase)
        syllables = np.clip(np.sin(np.pi * SYLLABLES_HZ * at) ** 2 - 0.2, 0, 1)
        talking = at % SECONDS < SECONDS * 3 / 4  # and then it listens
        voice *= syllables * talking
        voice *= PEAK / np.abs(voice).max()
        self._loop = s16(voice)

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        """Return the samples from ``period_start`` on."""
        return cut(self._loop, period_start, n_samples)
