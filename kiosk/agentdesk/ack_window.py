"""
How much may be under way to a page that says what it took in. Pure.

The kernel and the browser would hide seconds of media.  A unit may be under way
for as long as the quickest one was, and a little: then nothing is sent until the
page says more, and what waits here grows too old and is dropped.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from kiosk.agentdesk.framing import SEQUENCES


_LITTLE_US: Final = 250_000
_LONGEST_US: Final = 1_000_000
_MOST_UNITS: Final = 512  # of a page that says nothing: ten seconds of sound alone


class AckWindow:
    """Times are microseconds of one monotonic clock."""

    def __init__(self) -> None:
        self._under_way: deque[tuple[int, int]] = deque()
        self._next = 0
        self._quickest_us: int | None = None

    def sent(self, now: int) -> int:
        """Count a unit that is sent now; return its sequence number."""
        sequence = self._next
        self._next = (sequence + 1) % SEQUENCES
        self._under_way.append((sequence, now))
        return sequence

    def acked(self, sequence: int, now: int) -> None:
        """Note that the page took in everything up to a unit."""
        while self._under_way and _is_after(sequence, self._under_way[0][0]):
            took_us = now - self._under_way.popleft()[1]
            if self._quickest_us is None or took_us < self._quickest_us:
                self._quickest_us = took_us

    def waits_us(self, now: int) -> int:
        """Return for how long the oldest unit under way is so."""
        return now - self._under_way[0][1] if self._under_way else 0

    def is_open(self, now: int) -> bool:
        """Whether another unit may be sent."""
        quickest_us = self._quickest_us or 0
        limit_us = min(_LONGEST_US, quickest_us + _LITTLE_US)
        return len(self._under_way) < _MOST_UNITS and self.waits_us(now) <= limit_us


def _is_after(sequence: int, other: int) -> bool:
    """Whether a sequence number is that other one or comes later."""
    return (sequence - other) % SEQUENCES < SEQUENCES // 2
