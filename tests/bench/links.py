"""The two bad links of the network benchmarks, and ages of pictures over them."""

from __future__ import annotations

from collections.abc import Sequence


WIDE_KBPS, NARROW_KBPS = 3000, 350
LOSSY_KBPS, LOSS_PERCENT = 700, 2.0
QUEUE_BYTES = 256_000

WIDE = {"rate_kbps": WIDE_KBPS, "delay_ms": 15.0, "queue_bytes": QUEUE_BYTES}
"""Before and after it is narrow; conditions of :class:`tests.lab.path.Conditions`."""

LOSSY = {"rate_kbps": LOSSY_KBPS, "delay_ms": 30.0, "queue_bytes": QUEUE_BYTES}
"""Without its losses, which begin once the stream runs."""

Series = Sequence[tuple[float, float]]
"""When pictures were painted (monotonic seconds), and how old they were (ms)."""


def ages_of(series: Series, begin: float, end: float) -> list[float]:
    """Return the ages of what was painted in a span of time."""
    return [age_ms for painted, age_ms in series if begin <= painted < end]
