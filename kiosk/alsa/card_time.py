"""
When the samples of a card were captured, from stamps that are late or right. Pure.

A card's pointer moves in steps (a timer's tick, a packet of USB), so what a stamp says
of it lags behind what is already captured, by up to a step: a stamp is never too early.
The least of many is the truth: the first ones teach it, and later ones pull it down
quickly and up slowly, which is fast enough for any two clocks that drift apart.  What was
read is an upper bound that holds at once: it had been captured by then.
"""

from __future__ import annotations

from kiosk.ports import Micros


JUMP_US = 20_000
"""A larger difference is a gap in the recording."""

_DOWN, _UP = 0.005, 0.001  # of the time that passes


class CardTime:
    """The times of one recording that has no gap."""

    def __init__(self) -> None:
        self._origin: float | None = None

    def learn(self, origin: float) -> None:
        """Take in when, by one stamp, the first sample was captured."""
        if self._origin is None or origin < self._origin:
            self._origin = origin

    def follow(self, origin: float, passed_us: float) -> None:
        """Take in the same, so long after the stamp before it."""
        if self._origin is None:
            self._origin = origin
            return
        error = origin - self._origin
        if abs(error) > JUMP_US:
            self._origin = origin
            return
        self._origin += max(-_DOWN * passed_us, min(_UP * passed_us, error))

    def was_captured(self, us: float, now: Micros) -> None:
        """Take in that what lies so far behind the first sample is captured by now."""
        assert self._origin is not None
        self._origin = min(self._origin, now - us)

    def after(self, us: float) -> Micros:
        """Return when what lies so far behind the first sample was captured."""
        assert self._origin is not None
        return Micros(round(self._origin + us))
