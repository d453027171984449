"""
Counters of the media threads, read by everybody.

Each counter has one writing thread; samples take a lock for an append.
Nothing here decides anything.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from kiosk.ports import Distribution


_KEPT = 8192  # samples; four minutes of pictures at 30 a second


class Samples:
    """
    Durations in milliseconds, summed up as percentiles.

    Percentiles are of the newest 8192 samples; the count and the extreme are
    of all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: deque[float] = deque(maxlen=_KEPT)
        self._n = 0
        self._extreme = 0.0

    def add(self, value_ms: float) -> None:
        """Count one; any thread."""
        with self._lock:
            self._newest.append(value_ms)
            self._n += 1
            self._extreme = max(self._extreme, abs(value_ms))

    @property
    def newest(self) -> float | None:
        """The sample added last."""
        with self._lock:
            return self._newest[-1] if self._newest else None

    def distribution(self) -> Distribution | None:
        """Return the percentiles, or None while there is nothing."""
        with self._lock:
            ranked = sorted(self._newest)
            n, extreme = self._n, self._extreme
        if not ranked:
            return None
        return Distribution(
            n=n,
            p50=_percentile(ranked, 0.50),
            p95=_percentile(ranked, 0.95),
            p99=_percentile(ranked, 0.99),
            max=extreme,
        )


def _percentile(ranked: Sequence[float], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
