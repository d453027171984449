"""
Counters of the media threads, read by everybody.

Each counter has one writing thread; samples take a lock for an addition.
Nothing here decides anything.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final

from kiosk.ports import Distribution


_FINEST_MS: Final = 0.1
_GROWTH: Final = 1.02  # from one bucket to the next: off by 1 % at most
_WIDTH: Final = math.log(_GROWTH)
_LAST_BUCKET: Final = 750  # 280 s; longer ones are counted there


class Samples:
    """
    Durations in milliseconds, positive or negative, summed up as percentiles.

    Of all that were ever added, in memory that does not grow: what is kept are
    counts of buckets, each 2 % wider than the one before it (as in DDSketch,
    Masson et al. 2019).  Percentiles are off by 1 % at most, or by 0.1 ms; the
    count and the extreme are exact.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._n = 0
        self._extreme = 0.0
        self._newest: float | None = None

    def add(self, value_ms: float) -> None:
        """Count one; any thread."""
        bucket = _bucket_of(value_ms)
        with self._lock:
            self._counts[bucket] += 1
            self._n += 1
            self._extreme = max(self._extreme, abs(value_ms))
            self._newest = value_ms

    @property
    def newest(self) -> float | None:
        """The sample added last."""
        return self._newest

    @property
    def buckets(self) -> int:
        """How many counts are kept; 1501 at most."""
        return len(self._counts)

    def distribution(self) -> Distribution | None:
        """Return the percentiles, or None while there is nothing."""
        with self._lock:
            ranked = sorted(self._counts.items())
            n, extreme = self._n, self._extreme
        if not n:
            return None
        p50, p95, p99 = _percentiles(ranked, n, (0.50, 0.95, 0.99))
        return Distribution(n=n, p50=p50, p95=p95, p99=p99, max=extreme)


def _bucket_of(value_ms: float) -> int:
    size = abs(value_ms)
    if size < _FINEST_MS:
        return 0
    bucket = min(_LAST_BUCKET, 1 + int(math.log(size / _FINEST_MS) / _WIDTH))
    return bucket if value_ms > 0 else -bucket


def _middle_of(bucket: int) -> float:
    if bucket == 0:
        return 0.0
    middle = _FINEST_MS * _GROWTH ** (abs(bucket) - 0.5)
    return math.copysign(middle, bucket)


def _percentiles(
    ranked: Iterable[tuple[int, int]], n: int, shares: Iterable[float]
) -> list[float]:
    """Return the value that each rising share of the samples lies below."""
    found: list[float] = []
    buckets = iter(ranked)
    bucket, seen = next(buckets)
    for share in shares:
        rank = min(n - 1, int(share * n))
        while seen <= rank:
            bucket, count = next(buckets)
            seen += count
        found.append(round(_middle_of(bucket), 3))
    return found
