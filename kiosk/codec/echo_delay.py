"""
Finds how much later the microphone hears the loudspeaker than it should.

Compares the last seconds of both sides (generalised cross-correlation with
phase transform, at 8 kHz and over the voice's band), twice a second and only
while the loudspeaker talks.  A delay counts once it stands out and was found
twice running.  Pure arithmetic, no clock.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE


MOST_MS = 450
"""The longest delay that is found."""

_FACTOR = 6
_RATE = SAMPLE_RATE // _FACTOR
_WINDOW = 2 * _RATE  # samples of both sides that are compared
_SIZE = 1 << 15  # of the transform: window and longest delay fit twice
_EVERY = _RATE // 2
_BAND_HZ = (300, 3_000)
_KEPT = 0.6  # of what earlier comparisons showed
_STANDS_OUT = 8.0  # the peak over what lies around it, in standard deviations
_SAME = _RATE * 2 // 1000
_AUDIBLE = 100.0  # RMS of the loudspeaker's side: -50 dBFS

Signal = npt.NDArray[np.float32]


class EchoDelayFinder:
    """One microphone and one loudspeaker. Not thread-safe."""

    def __init__(self) -> None:
        self._near: Signal = np.zeros(_WINDOW, np.float32)
        self._far: Signal = np.zeros(_WINDOW, np.float32)
        self._fresh = 0
        self._cross: npt.NDArray[np.complexfloating] = np.zeros(_SIZE // 2 + 1, complex)
        first, last = (hz * _SIZE // _RATE for hz in _BAND_HZ)
        self._band = slice(first, last)
        self._candidate: int | None = None

    def compare(self, near: Signal, far: Signal) -> int | None:
        """
        Take in a block of both sides and return the delay, when it was found anew.

        Args:
            near: Of the microphone, samples at 48 kHz, a multiple of six.
            far: Of the loudspeaker, as many.

        Returns:
            Samples at 48 kHz.

        """
        self._near = _appended(self._near, near)
        self._far = _appended(self._far, far)
        self._fresh += near.size // _FACTOR
        if self._fresh < _EVERY:
            return None
        self._fresh = 0
        if float(np.sqrt(np.mean(self._far**2))) < _AUDIBLE:
            return None
        return self._found()

    def _found(self) -> int | None:
        near = np.fft.rfft(self._near, _SIZE)
        cross = near * np.conj(np.fft.rfft(self._far, _SIZE))
        whitened = np.zeros_like(cross)
        band = cross[self._band]
        whitened[self._band] = band / (np.abs(band) + 1e-3)
        self._cross = _KEPT * self._cross + (1 - _KEPT) * whitened
        likeness = np.fft.irfft(self._cross, _SIZE)[: MOST_MS * _RATE // 1000]
        peak = int(np.argmax(likeness))
        if likeness[peak] < _STANDS_OUT * float(np.std(likeness)):
            return None
        before, self._candidate = self._candidate, peak
        if before is None or abs(before - peak) > _SAME:
            return None
        return peak * _FACTOR


def _appended(line: Signal, block: Signal) -> Signal:
    """Return the line moved on by a block, averaged down to 8 kHz."""
    coarse = block.reshape(-1, _FACTOR).mean(axis=1, dtype=np.float32)
    return np.concatenate((line[coarse.size :], coarse))
