"""
When the samples were captured that an encoder gives out. Pure.

Encoders count samples, microphones stamp periods, and both clocks differ a
little: a jump is taken over at once, a smaller difference slowly.
"""

from __future__ import annotations

from collections import deque

from kiosk.ports import SAMPLE_RATE, Micros


JUMP_US = 20_000
"""Capture times that differ more than this from the count are a gap."""

SLEW = 0.001
"""A smaller difference is worked off at this part of the time that passes."""


class CaptureTime:
    """
    The capture times of the samples of one encoder.

    Args:
        first: Number of the first sample that the encoder will give out;
            negative where it puts priming in front.

    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._taken = 0  # samples taken in
        # (first sample, capture time of sample 0 if counted back from there)
        self._origins: deque[tuple[int, float]] = deque()

    def take(self, captured_at: Micros, n_samples: int) -> None:
        """Count a period that was taken in."""
        counted = _us(self._taken)
        if not self._origins:
            self._origins.append((self._first, captured_at - counted))
        else:
            self._follow(captured_at, counted, n_samples)
        self._taken += n_samples

    def of(self, sample: int) -> Micros:
        """Return when a sample was captured; samples are asked for in order."""
        while len(self._origins) > 1 and self._origins[1][0] <= sample:
            self._origins.popleft()
        return Micros(round(self._origins[0][1] + _us(sample)))

    def _follow(self, captured_at: Micros, counted: float, n_samples: int) -> None:
        first, origin = self._origins[-1]
        error = captured_at - (origin + counted)
        if abs(error) > JUMP_US:
            self._origins.append((self._taken, origin + error))
            return
        step = SLEW * _us(n_samples)
        self._origins[-1] = (first, origin + max(-step, min(step, error)))


def _us(samples: int) -> float:
    return samples * 1_000_000 / SAMPLE_RATE
