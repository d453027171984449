"""How long to wait: growing after failures, and scattered, so that many do not beat as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.errors import RoomError
from kiosk.room.script import ServerBusy


_FIRST_S: Final = 0.5
LONGEST_S: Final = 15.0
"""Of two tries of one operation, where nobody says otherwise."""
_LONGEST_RETRY_AFTER_S: Final = 30.0


class Pauses:
    """
    The pauses of one party.

    Args:
        scatter: Returns a number from 0 to 1.

    """

    def __init__(self, scatter: Callable[[], float]) -> None:
        self.scatter = scatter

    def after(
        self, failures: int, error: RoomError, longest_s: float = LONGEST_S
    ) -> float:
        """Return how long to wait after so many failures in a row, in seconds."""
        doubled = _FIRST_S * 2.0 ** min(failures - 1, 10)
        scattered = min(doubled, longest_s) * (0.5 + self.scatter())
        asked_for = error.retry_after_s if isinstance(error, ServerBusy) else 0.0
        return max(min(scattered, longest_s), min(asked_for, _LONGEST_RETRY_AFTER_S))

    def spread(self, seconds: float) -> float:
        """Return up to a fifth less than ``seconds``."""
        return seconds * (1.0 - 0.2 * self.scatter())
