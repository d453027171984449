"""
Keeps the sum of several voices within what a speaker can play. Pure.

Cutting off the peaks of a loud sum is heard as a crackle; this turns all of it
down instead, within the period and before the peak comes, and up again over the
next second.  What fits is passed on as it is: one voice alone always does.
"""

from __future__ import annotations

import numpy as np

from kiosk.media.stretch import Pcm


FULL = 32_768.0
"""The loudest a sample can be."""

_RISE = 10 ** (0.1 / 20)  # a period of 10 ms: 10 dB a second
_NEARLY_ONE = 0.999


class Limiter:
    """One mix. Not thread-safe."""

    def __init__(self) -> None:
        self._gain = 1.0

    @property
    def gain(self) -> float:
        """By how much the end of the last period was turned down; 1: not at all."""
        return self._gain

    def limit(self, mixed: Pcm) -> Pcm:
        """Return a period whose samples are all within :data:`FULL`."""
        peak = float(np.abs(mixed).max(initial=0.0))
        if self._gain == 1.0 and peak <= FULL:
            return mixed
        fits = FULL / max(peak, FULL)
        if fits < self._gain:
            return self._turned_down(mixed, fits)
        risen = min(fits, self._gain * _RISE)
        risen = 1.0 if risen > _NEARLY_ONE and fits == 1.0 else risen
        ramp = np.linspace(self._gain, risen, mixed.size, dtype=np.float32)
        self._gain = risen
        return mixed * ramp

    def _turned_down(self, mixed: Pcm, fits: float) -> Pcm:
        """Reach the gain that fits just when the first peak needs it."""
        first = int(np.argmax(np.abs(mixed) * self._gain > FULL))
        ramp = np.full(mixed.size, fits, np.float32)
        ramp[:first] = np.linspace(self._gain, fits, first, endpoint=False)
        self._gain = fits
        return mixed * ramp
