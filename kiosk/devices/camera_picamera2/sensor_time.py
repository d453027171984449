"""
When a picture was taken, on the clock of the kiosk. Pure.

libcamera documents ``SensorTimestamp`` as CLOCK_BOOTTIME, V4L2 drivers stamp with
CLOCK_MONOTONIC, and the two differ by the time the machine slept.  So nothing is
believed: of the first picture the clock is taken by which it is youngest, if as old as a
picture can be.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from kiosk.ports import Micros


OLDEST_US: Final = 4_000_000
"""
A picture that comes out of a camera is younger: also the first one of a call, which has
waited while libraries were loaded off a slow card.
"""

_REMEMBERED: Final = 32  # more than any encoder has in it


@dataclass(frozen=True, slots=True)
class Now:
    """The two clocks of the kernel, read together, in microseconds."""

    monotonic: int
    boot: int


class SensorClock:
    """The stamps of one opened camera."""

    def __init__(self) -> None:
        self._offset: int | None = None
        self._last = 0
        self._taken: OrderedDict[int, Micros] = OrderedDict()

    def taken_at(self, stamp_us: int, exposure_us: int, now: Now) -> Micros:
        """
        Return when a picture was taken, strictly later than the one before.

        Args:
            stamp_us: The sensor's, which is the end of the first row's exposure
                (``wait_for_timestamp_`` of picamera2 counts back from it).
            exposure_us: How long that was, 0 where unknown.
            now: The moment at which it came.

        """
        if self._offset is None:
            self._offset = _offset(stamp_us, now)
        middle = stamp_us + self._offset - exposure_us // 2
        at = Micros(max(self._last + 1, min(middle, now.monotonic)))
        self._last = at
        self._taken[stamp_us] = at
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        return at

    def of(self, stamp_us: int) -> Micros | None:
        """Return what :meth:`taken_at` said of a stamp, None if it never did."""
        return self._taken.get(stamp_us)


def _offset(stamp_us: int, now: Now) -> int:
    """Return what to add to stamps; a stamp of neither clock counts as now."""
    ages = {now.monotonic - stamp_us: 0, now.boot - stamp_us: now.monotonic - now.boot}
    age = min((age for age in ages if 0 <= age < OLDEST_US), default=None)
    return now.monotonic - stamp_us if age is None else ages[age]
