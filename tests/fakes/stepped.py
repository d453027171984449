"""Time that a test moves, and a pace that takes its steps within it."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.ports import Micros


class SteppedTime:
    """
    Implements :class:`kiosk.ports.Clock` and the pace of the GPIO buttons.

    A step is taken whenever it is due, at exactly that time, and at once when one is
    asked for, while the test lets time pass.
    """

    def __init__(self, now_us: int = 1_000_000) -> None:
        self._now = now_us
        self._due: Micros | None = None
        self._step: Callable[[], Micros] | None = None
        self._is_woken = False
        self.steps = 0

    def now(self) -> Micros:
        return Micros(self._now)

    def wall_s(self) -> float:
        return self._now / 1_000_000

    def start(self, step: Callable[[], Micros]) -> None:
        self._step = step
        self._due = Micros(self._now)

    def wake(self) -> None:
        self._is_woken = True

    def stop(self) -> None:
        self._step = None

    def pass_to(self, until_us: int) -> None:
        """Let time pass up to that moment."""
        self._take_steps(until_us)
        self._now = max(self._now, until_us)
        self._take_steps(until_us)

    def settle(self) -> None:
        """Let done be what is to be done now."""
        self._take_steps(self._now)

    def _take_steps(self, until_us: int) -> None:
        while self._step is not None and self._due is not None:
            if not self._is_woken and self._due > until_us:
                return
            if not self._is_woken:
                self._now = max(self._now, self._due)
            self._is_woken = False
            self.steps += 1
            self._due = self._step()
