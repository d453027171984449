"""Pauses between tries: longer each time, and scattered, for many kiosks try at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final


_GROWTH: Final = 1.5
_SCATTER: Final = (0.5, 1.5)


class GrowingPause:
    """
    How long to wait before the next try.

    Args:
        first_s: The first pause, on average.
        longest_s: The longest, on average.
        scatter: Returns a number between two.

    """

    def __init__(
        self,
        first_s: float,
        longest_s: float,
        scatter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s
        self._scatter = scatter

    def next_s(self) -> float:
        """Return the pause of this time, in seconds; the next one is longer."""
        pause_s = self._next_s
        self._next_s = min(self._longest_s, pause_s * _GROWTH)
        # Two thousand branches must not come back in the same second.
        return pause_s * self._scatter(*_SCATTER)

    def reset(self) -> None:
        """Begin anew: a try succeeded."""
        self._next_s = self._first_s
