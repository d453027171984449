"""
The least of the last moments, asked for a hundred times a second. Pure.

Only what may still become the least is kept, rising from the oldest to the
newest: nothing is ever searched.
"""

from __future__ import annotations

from collections import deque

from kiosk.ports import Micros


class RecentLeast:
    """
    Numbers noted in time's order. Not thread-safe.

    Args:
        window_us: How old a number may be and still count.

    """

    def __init__(self, window_us: int) -> None:
        self._window_us = window_us
        self._times: deque[Micros] = deque()
        self._rising: deque[tuple[Micros, int]] = deque()

    @property
    def least(self) -> int:
        """The least that counts; something must have been noted."""
        return self._rising[0][1]

    def known_us(self, now: Micros) -> int:
        """Return the age of the oldest that counts; something must have been noted."""
        return now - self._times[0]

    def note(self, number: int, now: Micros) -> None:
        """Add a number, and forget those that became too old."""
        rising = self._rising
        while rising and rising[-1][1] >= number:
            rising.pop()
        rising.append((now, number))
        self._times.append(now)
        since = now - self._window_us
        while self._times[0] < since:
            self._times.popleft()
        while rising[0][0] < since:
            rising.popleft()

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()
        self._rising.clear()
