"""
Reads one sound card's samples at the pace of another's. Pure.

Where to read is measured anew with every block, from two time stamps, each a
little wrong; the follower turns that into a place that moves evenly, and learns
how much faster one clock runs than the other.  A real jump (a gap in the
recording, another device) is taken over with the third block that tells of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kiosk.ports import SAMPLE_RATE


_QUICK_HZ, _STEADY_HZ = 0.3, 0.01
"""Bandwidth of the loop: to learn the drift, and then to be moved by no jitter."""

_SETTLING = 0.4  # the bandwidth falls as this over the seconds followed

_JUMP = SAMPLE_RATE * 3 // 1000  # samples: more than any stamp is wrong by
_BELIEVED = 3
_DRIFT_MOST = 0.001
"""Sound cards differ by 300 ppm at the very most."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to begin to read, and how many samples on for each one taken."""

    place: float
    speed: float


class ClockFollower:
    """One pair of clocks. Not thread-safe."""

    def __init__(self) -> None:
        self._next: float | None = None
        self._drift = 0.0
        self._jumping = 0
        self._followed_s = 0.0

    @property
    def drift(self) -> float:
        """How much faster the other clock runs, as far as is known: 1e-6 is 1 ppm."""
        return self._drift

    def follow(self, measured: float, n_samples: int) -> Reading:
        """Return where to read a block whose first sample was measured to lie there."""
        if self._next is None:
            self._next = measured
        error = measured - self._next
        if abs(error) > _JUMP:
            error = self._jumped(measured, error)
        else:
            self._jumping = 0
        block_s = n_samples / SAMPLE_RATE
        turn = 2 * math.pi * self._bandwidth_hz() * block_s
        self._followed_s += block_s
        drift = self._drift + turn * turn * error / n_samples
        self._drift = max(-_DRIFT_MOST, min(_DRIFT_MOST, drift))
        speed = 1 + self._drift + math.sqrt(2) * turn * error / n_samples
        place = self._next
        self._next += speed * n_samples
        return Reading(place, speed)

    def _bandwidth_hz(self) -> float:
        wanted = _SETTLING / max(self._followed_s, 1e-3)
        return max(_STEADY_HZ, min(_QUICK_HZ, wanted))

    def _jumped(self, measured: float, error: float) -> float:
        """Return the error to work off: none, until a jump is believed."""
        self._jumping += 1
        if self._jumping >= _BELIEVED:
            self._jumping = 0
            self._next = measured
        return 0.0
