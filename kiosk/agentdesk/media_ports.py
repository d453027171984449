"""What the pictures and sounds of a desk's call need of the call, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class MediaCall(Protocol):
    """
    One agent's share in one call.

    Of a call that was handed over each agent has a share of his own; the
    earlier one's raises :exc:`~kiosk.errors.RoomError` at everything from then on.
    """

    @property
    def call_id(self) -> str:
        """Name the call; the page and the log say it."""
        ...

    async def push_url(self) -> str:
        """
        Return where to publish; asked anew for every attempt, tickets live a minute.

        Raises:
            RoomError: There is no such call any more, or no answer.

        """
        ...

    async def published(self, push_url: str) -> None:
        """
        Note that the stream is up at the URL: only now the seat is taken, or moved.

        Raises:
            RoomUnreachable: The call goes on: publish anew, at a fresh URL.
            RoomError: The seat is not to be had; publishing is to end.

        """
        ...

    async def play_url(self) -> str:
        """
        Return where the kiosk is played; asked anew for every attempt.

        Raises:
            RoomError: Nobody is there to be played, or no answer.

        """
        ...

    def on_moved(self, moved: Callable[[], None]) -> None:
        """Have a call made whenever the kiosk's stream is another one."""
        ...
