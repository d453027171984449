"""A clock that stands still until a test moves it."""

from __future__ import annotations

from kiosk.ports import Micros


class SteadyClock:
    """Implements :class:`kiosk.ports.Clock`; moved by hand."""

    def __init__(self, now: int = 1_000_000, wall_s: float = 0.0) -> None:
        self._now = now
        self._wall_s = wall_s

    def now(self) -> Micros:
        return Micros(self._now)

    def wall_s(self) -> float:
        return self._wall_s

    def move(self, seconds: float) -> None:
        """Let so much time pass on both clocks."""
        self._now += round(seconds * 1_000_000)
        self._wall_s += seconds
