"""
How late the packets of one stream come, and how much reserve that asks for.

A packet is late by as much as its way took longer than the quickest way of
the last seconds.  TCP makes few packets late and those very: a lost segment
holds back all that follows for a round trip or two.  So the worst of every
second is remembered for a minute, and the reserve asked for is the smallest
that would have left no more than 0.15 % of that minute without sound.  While
less than a minute is known less is forgiven: one late packet may be the first
of many.

Pure, and no judge of what is affordable: the jitter buffer bounds the answer.

1. A way that grew longer and stays so is no lateness: when the quickest way is
   forgotten, what was measured against it shrinks by as much.  Clocks that
   drift apart are the same, slowly.
2. A jump of the sender's time says nothing of the network: begin anew.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from kiosk.ports import Micros


_SLOT_US = 1_000_000
_QUICKEST_OF = 10  # slots
_WORST_OF = 60
_SHORT_OF = 0.0015  # of a whole minute
_COUNTS_MOST_US = 250_000  # longer gaps are stalls, which no reserve bridges


class Lateness:
    """One stream's. Not thread-safe."""

    def __init__(self) -> None:
        self._slot: int | None = None
        self._ways: deque[int] = deque(maxlen=_QUICKEST_OF)
        self._worst: deque[int] = deque(maxlen=_WORST_OF)
        self._needed_us = 0

    @property
    def needed_us(self) -> int:
        """The reserve that would nearly always have been enough, so far."""
        return self._needed_us

    @property
    def quickest_us(self) -> int:
        """The quickest way of the last seconds: our time less the sender's."""
        return min(self._ways, default=0)

    def note(self, pts_us: int, now: Micros) -> None:
        """Take in when a packet came."""
        way = now - pts_us
        if self._slot is None or now >= self._slot + _SLOT_US:
            self._next_slot(way, now)
        self._ways[-1] = min(self._ways[-1], way)
        late_us = way - min(self._ways)
        if late_us > self._worst[-1]:
            self._worst[-1] = late_us
            self._judge()

    def restart(self) -> None:
        """Forget which way was quick: another timeline; what was late stays."""
        self._slot = None
        self._ways.clear()

    def _next_slot(self, way: int, now: Micros) -> None:
        before = min(self._ways, default=way)
        self._slot = now
        self._ways.append(way)
        longer_us = min(self._ways) - before
        if longer_us > 0:
            self._worst = deque(
                (max(0, late_us - longer_us) for late_us in self._worst),
                maxlen=_WORST_OF,
            )
        self._worst.append(0)
        self._judge()

    def _judge(self) -> None:
        """Find the reserve that falls short by no more than is allowed."""
        worst = sorted((min(us, _COUNTS_MOST_US) for us in self._worst), reverse=True)
        known = len(worst) / _WORST_OF
        allowed_us = _SHORT_OF * _WORST_OF * _SLOT_US * known * known
        short_us = 0.0
        for n, (late_us, next_us) in enumerate(pairwise([*worst, 0]), 1):
            step_us = n * (late_us - next_us)
            if short_us + step_us >= allowed_us:
                self._needed_us = round(late_us - (allowed_us - short_us) / n)
                return
            short_us += step_us
        self._needed_us = 0
