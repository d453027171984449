"""The clocks of this machine."""

from __future__ import annotations

import time

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import Clock


def test_now_is_the_monotonic_clock_in_microseconds() -> None:
    clock: Clock = MonotonicClock()

    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    now = clock.now()
    after = time.clock_gettime(time.CLOCK_MONOTONIC)

    assert before - 1e-6 <= now / 1e6 <= after


def test_wall_time_is_seconds_since_1970() -> None:
    before = time.clock_gettime(time.CLOCK_REALTIME)
    wall_s = MonotonicClock().wall_s()
    after = time.clock_gettime(time.CLOCK_REALTIME)

    assert before <= wall_s <= after
