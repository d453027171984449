"""
How late the event loop turns: the one number that tells a frozen daemon.

Samples are kept as counts per millisecond, so memory is flat however long the
daemon lives.
"""

from __future__ import annotations

import asyncio

from kiosk.ports import Clock, Micros


PERIOD_S = 0.05
_BUCKETS = 1_000


class StallMeter:
    """Wakes every 50 ms and counts by how much it came late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts = [0] * (_BUCKETS + 1)
        self._n = 0
        self._max_ms = 0.0
        self.turns = 0

    async def run(self) -> None:
        """Measure until cancelled."""
        # By the loop's own timer: a sleep costs an idle kiosk a second turn of the
        # loop each time, and this is what it does most often.
        loop = asyncio.get_running_loop()
        never: asyncio.Future[None] = loop.create_future()
        timer: asyncio.TimerHandle

        def beat(before: Micros) -> None:
            nonlocal timer
            now = self._clock.now()
            self.record((now - before) / 1_000 - PERIOD_S * 1_000)
            timer = loop.call_later(PERIOD_S, beat, now)

        timer = loop.call_later(PERIOD_S, beat, self._clock.now())
        try:
            await never
        finally:
            timer.cancel()

    def record(self, late_ms: float) -> None:
        """Count one wake-up that came ``late_ms`` after it was due."""
        self.turns += 1
        self._n += 1
        self._counts[min(_BUCKETS, max(0, int(late_ms)))] += 1
        self._max_ms = max(self._max_ms, late_ms)

    def reset(self) -> None:
        """Begin a new measurement; :attr:`turns` goes on."""
        self._counts = [0] * (_BUCKETS + 1)
        self._n = 0
        self._max_ms = 0.0

    def percentile_ms(self, fraction: float) -> float:
        """Return the upper edge, in ms, of the bucket holding that fraction."""
        wanted = self._n * fraction
        seen = 0
        for ms, count in enumerate(self._counts):
            seen += count
            if seen >= wanted and seen:
                return float(ms + 1)
        return 0.0

    def snapshot(self) -> dict[str, float | int]:
        """Return the numbers that ``status`` shows."""
        return {
            "n": self._n,
            "p999": self.percentile_ms(0.999),
            "max": round(self._max_ms, 1),
        }
