"""The clocks of this machine: the one place where product code reads them."""

from __future__ import annotations

import time

from kiosk.ports import Micros


class MonotonicClock:
    """Implements :class:`kiosk.ports.Clock` with the kernel's clocks."""

    def now(self) -> Micros:
        """Return CLOCK_MONOTONIC in microseconds."""
        return Micros(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

    def wall_s(self) -> float:
        """Return CLOCK_REALTIME in seconds since 1970; it may jump."""
        return time.clock_gettime(time.CLOCK_REALTIME)
