"""
How many bits a page's pictures may take, by how late what it sends arrives. Pure.

A page cannot see its own network: what ``bufferedAmount`` does not count, the
browser's and the kernel's buffers hide.  But every unit says when it was captured,
so what arrives later than the quickest of the last half minute waited somewhere;
what waits for the relay counts as well.

1. Late, four units in a row: less, at once and by what really arrived; less again
   only if that does not help, for what waits needs its time to come.
2. Very late: no picture until it is better; none is encoded, so no reference breaks.
   Sound is never touched.
3. In time for a while: more, in steps, larger ones where there is far to go; a raise
   that failed makes the next one wait.  One late unit in between is no sign.

The numbers are those measured for a kiosk's own stream (its controller knows more,
the kernel's queue, and is finer; a desk seldom stands at so narrow a link).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from kiosk.ports import Bitrate


FLOOR: Final = Bitrate(100_000)

_LATE_US, _VERY_LATE_US = 150_000, 400_000
_CLEAR_US = 40_000
_IN_A_ROW = 4
_CUT, _MOST_CUT, _OF_ARRIVED = 0.75, 0.5, 0.85
_APART_US = 1_000_000
_RECENT_US = 500_000
_SOUND_BPS = 60_000
_RAISE, _LARGE_RAISE, _RAISE_BPS = 1.08, 1.15, 8_000
_HELPED = 0.8
_WAIT_US, _LONGEST_WAIT_US = 1_500_000, 15_000_000
_FAILED_US = 3_000_000
_QUICKEST_OF_US = 15_000_000  # twice that is looked back


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a page may send of pictures."""

    bps: Bitrate
    hold: bool = False


class UplinkRate:
    """Times are microseconds; the page's clock may be any."""

    def __init__(self, start: Bitrate, ceiling: Bitrate) -> None:
        self._bps = min(start, ceiling)
        self._ceiling = ceiling
        self._floor = min(FLOOR, ceiling)
        self._hold = False
        self._quickest = [0, 0]
        self._bucket_since: int | None = None
        self._late: deque[int] = deque(maxlen=_IN_A_ROW)
        self._arrived: deque[tuple[int, int]] = deque()
        self._cut_at: int | None = None
        self._raised_at: int | None = None
        self._late_at = 0
        self._standing_at_cut = 0
        self._wait_us = _WAIT_US

    @property
    def allowance(self) -> Allowance:
        """What was decided last."""
        return Allowance(self._bps, self._hold)

    def observe(self, captured: int, now: int, size: int, behind_us: int) -> Allowance:
        """
        Take a unit that arrived.

        Args:
            captured: When, on the page's clock.
            now: On ours.
            size: In bytes, as it arrived.
            behind_us: For how long what was sent to the relay before still waits.

        """
        late = self._lateness(captured, now) + behind_us
        self._late.append(late)
        self._note(now, size)
        standing = min(self._late) if len(self._late) == _IN_A_ROW else 0
        if standing > _CLEAR_US:
            self._late_at = now
        if standing > _LATE_US:
            self._lower(now, standing)
        elif now - max(self._late_at, self._raised_at or 0) >= self._wait_us:
            self._raise(now)
        self._hold = standing > (_LATE_US if self._hold else _VERY_LATE_US)
        return self.allowance

    def _lateness(self, captured: int, now: int) -> int:
        """Return how much later it came than the quickest lately."""
        took = now - captured
        if self._bucket_since is None:
            self._bucket_since = self._late_at = now
            self._quickest = [took, took]
        elif now - self._bucket_since > _QUICKEST_OF_US:
            self._bucket_since = now
            self._quickest = [self._quickest[1], took]
        else:
            self._quickest[1] = min(self._quickest[1], took)
        return took - min(self._quickest)

    def _note(self, now: int, size: int) -> None:
        self._arrived.append((now, size))
        while now - self._arrived[0][0] > _RECENT_US:
            self._arrived.popleft()

    def _lower(self, now: int, standing: int) -> None:
        if self._cut_at is not None and now - self._cut_at < _APART_US:
            return
        self._cut_at = now
        has_helped = standing < _HELPED * self._standing_at_cut
        self._standing_at_cut = standing
        if has_helped:
            return
        raised_at, self._raised_at = self._raised_at, None
        if raised_at is not None:
            has_failed = now - raised_at < _FAILED_US
            longer = min(2 * self._wait_us, _LONGEST_WAIT_US)
            self._wait_us = longer if has_failed else _WAIT_US
        octets = sum(size for _, size in self._arrived)
        carried = octets * 8_000_000 / _RECENT_US - _SOUND_BPS
        # little may have come because little was sent: no cut is deeper than half
        fitting = max(_OF_ARRIVED * carried, _MOST_CUT * self._bps)
        lower = min(_CUT * self._bps, fitting)
        self._bps = Bitrate(max(self._floor, round(lower)))

    def _raise(self, now: int) -> None:
        self._raised_at = now
        self._standing_at_cut = 0
        step = _LARGE_RAISE if self._bps < self._ceiling / 2 else _RAISE
        higher = round(self._bps * step) + _RAISE_BPS
        self._bps = Bitrate(min(self._ceiling, higher))
