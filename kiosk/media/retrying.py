"""
When a stream that failed is tried again.

Pure.  Pauses double and count from one attempt to the next, so that a relay that
refuses at once is asked no more often than one that is silent.  A stalled attempt
may have taken the whole pause; half of it follows all the same, for a relay that is
full only gets fuller by more of what it could not answer.  After the first failures
that half is short: they may be a network that is back in a moment.

All pauses are scattered, so that all who lost the same relay do not come back in the
same second.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.ports import Micros


class Retrying:
    """
    The pauses between the attempts of one stream.

    Args:
        first_s, longest_s: From one attempt to the next, doubling.
        scatter: Returns a number from 0 to 1.

    """

    def __init__(
        self, first_s: float, longest_s: float, scatter: Callable[[], float]
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._scatter = scatter
        self._pause_s = first_s

    def succeeded(self) -> None:
        """Begin with the first pause again."""
        self._pause_s = self._first_s

    def due(self, began: Micros, ended: Micros) -> Micros:
        """Return when to try again; each time the pause is longer."""
        pause_us = self._pause_s * (0.5 + self._scatter()) * 1_000_000
        self._pause_s = min(self._pause_s * 2, self._longest_s)
        return Micros(round(max(began + pause_us, ended + pause_us / 2)))
