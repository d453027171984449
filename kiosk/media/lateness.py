"""
How late the packets of one stream come, and how much reserve that asks for.

A packet is late by as much as its way took longer than the quickest way of
the last seconds.  TCP makes few packets late and those very: a lost segment
holds back all that follows for a round trip or two.  So the worst of every
second is remembered for a minute, and the reserve asked for is the smallest
that would have left no more than 0.15 % of that minute without sound.  While
less than a minute is known less is forgiven: one late packet may be the first
of many.

On a path that loses packets all the time that reserve may be more than promptness
allows.  Then *bearable* is what counts: the smallest reserve that leaves 0.3 % of
what is known of that minute without sound, the two worst seconds apart, as a stall
now and then is no such path.  Where that is such a path by what is left, its worst
seconds are no stalls but the segments that were lost twice, and count with the rest.

Pure, and no judge of what is affordable: the jitter buffer bounds the answers.

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
_BEARABLE_OF = 0.003
_BEARABLE_MOST_US = 600_000
_STALLS = 2  # seconds of a minute that say nothing of a path
_LOSSY_US = 240_000  # what is left without them, of a path that loses all the time


class Lateness:
    """One stream's. Not thread-safe."""

    def __init__(self) -> None:
        self._slot: int | None = None
        self._ways: deque[int] = deque(maxlen=_QUICKEST_OF)
        self._worst: deque[int] = deque(maxlen=_WORST_OF)
        self._needed_us = 0
        self._bearable_us = 0

    @property
    def needed_us(self) -> int:
        """The reserve that would nearly always have been enough, so far."""
        return self._needed_us

    @property
    def bearable_us(self) -> int:
        """The reserve with which no more would have been missing than one bears."""
        return self._bearable_us

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
        """Find the reserves that fall short by no more than is allowed."""
        worst = sorted(self._worst, reverse=True)
        known_us = len(worst) * _SLOT_US
        nearly_none_us = _SHORT_OF * known_us * len(worst) / _WORST_OF
        self._needed_us = _reserve(worst, nearly_none_us, _COUNTS_MOST_US)
        few_us = _BEARABLE_OF * known_us
        bearable_us = _reserve(worst[_STALLS:], few_us, _BEARABLE_MOST_US)
        if bearable_us > _LOSSY_US:
            bearable_us = _reserve(worst, few_us, _BEARABLE_MOST_US)
        self._bearable_us = bearable_us


def _reserve(worst: list[int], allowed_us: float, most_us: int) -> int:
    """Return the smallest reserve that falls short by so much in all slots."""
    short_us = 0.0
    worst = [min(late_us, most_us) for late_us in worst]
    for n, (late_us, next_us) in enumerate(pairwise([*worst, 0]), 1):
        step_us = n * (late_us - next_us)
        if short_us + step_us >= allowed_us:
            return round(late_us - (allowed_us - short_us) / n)
        short_us += step_us
    return 0
