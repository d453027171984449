"""How often somebody may do something: a bounded table of token buckets."""

from __future__ import annotations


class Pace:
    """
    At most ``per_s`` a second per key on average, and ``burst`` at once.

    Without a ``burst`` that is one second's worth.  ``now`` is monotonic seconds.  When the table is full the key longest unused
    is forgotten; a forgotten key starts with a full bucket.
    """

    def __init__(
        self, per_s: float, max_keys: int = 4096, burst: float | None = None
    ) -> None:
        self._per_s = per_s
        self._burst = per_s if burst is None else burst
        self._max_keys = max_keys
        self._buckets: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._buckets)

    def allows(self, key: str, now: float) -> bool:
        """Say whether one more is fine now, and count it if so."""
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        allowed = left >= 1
        while len(self._buckets) >= self._max_keys:
            self._buckets.pop(next(iter(self._buckets)))
        self._buckets[key] = (left - 1 if allowed else left, now)
        return allowed
