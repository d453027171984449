"""What a process that is killed in a call leaves to its successor. See the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kiosk.ports.values import Micros


@dataclass(frozen=True, slots=True)
class HeldCall:
    """
    The seat a kiosk holds in a room.

    Attributes:
        user_id: Under which name it sits there.
        muted: Whether the customer had switched the microphone off.
        returns: How many processes came back into this call already.
        at: When this was so; CLOCK_MONOTONIC outlives the process.

    """

    room_id: str
    user_id: str
    muted: bool
    returns: int
    at: Micros


class CallMemory(Protocol):
    """Outlives the process, but not the machine's next start. Never fails."""

    def keep(self, call: HeldCall) -> None:
        """Remember the call as it is now, in the place of what was remembered."""
        ...

    def recall(self) -> HeldCall | None:
        """Return what is remembered."""
        ...

    def forget(self) -> None:
        """Remember no call; safe to repeat."""
        ...
