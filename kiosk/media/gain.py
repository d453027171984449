"""
Brings quiet and loud customers to one level. Pure.

Learns from the customer's own words only: blocks well above the noise of the
room, and none while the loudspeaker talks, for that would be the agent's own
voice.  The gain moves slowly, never above twelve decibels, so that noise is
not pulled up in pauses; a block that would be clipped is turned down at once.
Works behind any echo canceller, whose filter must not see the gain move.
"""

from __future__ import annotations

import numpy as np


TARGET_DBFS = -24.0
"""RMS of words: loud enough, with room for vowels and laughter."""

MOST_DB, LEAST_DB = 12.0, -9.0

_UP_DB, _DOWN_DB = 0.02, 0.06  # a block of 10 ms: 2 and 6 dB a second
_WORDS_OVER_NOISE_DB = 12.0
_WORDS_DBFS = -55.0  # quieter than that nobody speaks to a kiosk
_NOISE_RISES_DB = 0.01  # a block: 1 dB a second; it falls at once
_LEARNS = 0.02  # a block of words: the level of some syllables
_FIRST_WORDS = 30  # blocks before anything is done
_PEAK = 0.9 * 32767


class GainControl:
    """One microphone. Not thread-safe."""

    def __init__(self) -> None:
        self._gain_db = 0.0
        self._last = 1.0  # the factor at the end of the last block
        self._noise_dbfs = _WORDS_DBFS
        self._words_dbfs = TARGET_DBFS
        self._heard = 0

    @property
    def gain_db(self) -> float:
        """The gain it has come to."""
        return self._gain_db

    def level(self, pcm: bytes, *, far_talks: bool) -> bytes:
        """
        Return a block at the common level.

        Args:
            pcm: 10 ms, signed 16 bit little endian.
            far_talks: Whether the loudspeaker talks, or did a moment ago.

        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        rms = float(np.sqrt(np.mean(samples * samples)))
        self._learn(20 * float(np.log10(max(rms, 1.0) / 32768)), far_talks=far_talks)
        self._move()
        factor = 10 ** (self._gain_db / 20)
        loudest = float(np.abs(samples).max()) * max(factor, self._last)
        if loudest > _PEAK:
            factor = self._last = min(factor, _PEAK / loudest * factor)
        if factor == self._last == 1.0:
            return pcm
        ramp = np.linspace(self._last, factor, samples.size, dtype=np.float32)
        self._last = factor
        out = np.clip(np.rint(samples * ramp), -32768, 32767)
        levelled: bytes = out.astype("<i2").tobytes()
        return levelled

    def _learn(self, level_dbfs: float, *, far_talks: bool) -> None:
        self._noise_dbfs = min(self._noise_dbfs + _NOISE_RISES_DB, level_dbfs)
        over_noise = level_dbfs - self._noise_dbfs
        are_words = over_noise > _WORDS_OVER_NOISE_DB and level_dbfs > _WORDS_DBFS
        if are_words and not far_talks:
            self._heard += 1
            # the first words count in full, then it is an average of some seconds
            share = max(_LEARNS, 1 / self._heard)
            self._words_dbfs += share * (level_dbfs - self._words_dbfs)

    def _move(self) -> None:
        if self._heard < _FIRST_WORDS:
            return
        wanted = max(LEAST_DB, min(MOST_DB, TARGET_DBFS - self._words_dbfs))
        step = max(-_DOWN_DB, min(_UP_DB, wanted - self._gain_db))
        self._gain_db += step
