"""Lamps that only remember: for the simulator, the tests and kiosks without any."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kiosk.ports import Clock, Indicator, Micros, Probe


@dataclass(frozen=True, slots=True)
class LampChange:
    """A lamp that was switched, and when."""

    at: Micros
    indicator: Indicator
    lit: bool


class MemoryIndicators:
    """
    Implements :class:`kiosk.ports.Indicators` in memory.

    Args:
        clock: Stamps the changes.
        remembered: How many changes the timeline keeps, the newest ones.

    """

    def __init__(self, clock: Clock, *, remembered: int = 1000) -> None:
        self._clock = clock
        self._lit: set[Indicator] = set()
        self._timeline: deque[LampChange] = deque(maxlen=remembered)

    def probe(self) -> Probe:
        """Say that the lamps are remembered."""
        return Probe("lamps in memory")

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """Remember a lamp; setting what it is already changes nothing."""
        if lit is self.is_lit(indicator):
            return
        if lit:
            self._lit.add(indicator)
        else:
            self._lit.remove(indicator)
        self._timeline.append(LampChange(self._clock.now(), indicator, lit))

    def is_lit(self, indicator: Indicator) -> bool:
        """Whether a lamp is on now."""
        return indicator in self._lit

    @property
    def lit(self) -> frozenset[Indicator]:
        """The lamps that are on now."""
        return frozenset(self._lit)

    @property
    def timeline(self) -> tuple[LampChange, ...]:
        """The newest changes, the oldest of them first."""
        return tuple(self._timeline)

    def close(self) -> None:
        """Switch all lamps off; the timeline stays to be read."""
        for indicator in sorted(self._lit, key=lambda each: each.value):
            self.set(indicator, lit=False)
