"""Whether threads that run get on: what the watchdog is fed by."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Progress:
    """Whether every running thread moved since it was asked last."""

    def __init__(self, counters: Callable[[], Mapping[str, int]]) -> None:
        self._counters = counters
        self._last: Mapping[str, int] = {}

    def __call__(self) -> bool:
        """Say whether all of them moved."""
        now = dict(self._counters())
        moved = all(now[name] != self._last.get(name) for name in now)
        self._last = now
        return moved
