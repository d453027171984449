"""
Members waiting for the next event of their room, on the event loop.

One wait per member: a newer one sends the older home.  A wait begins with the
question it is for, so that no event falls between the two; it ends by an event, by
its time, or by shutdown.  What is then answered is not decided here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final


RETRY_MS: Final = 1000
"""How long the one who waited stays away from a server that stops, at least."""
_SPREAD_MS: Final = 2000
"""So much longer at most, each another time: they do not all return at once."""


class Wait:
    """One member's wait; made by :meth:`LongPolls.begin`."""

    def __init__(self, room_id: str, user_id: str) -> None:
        self.room_id = room_id
        self.user_id = user_id
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End it; repeatable."""
        self._rung.set()

    async def over(self, hold_s: float) -> None:
        """Return when it ended, or after ``hold_s`` seconds."""
        try:
            async with asyncio.timeout(hold_s):
                await self._rung.wait()
        except TimeoutError:
            pass


class LongPolls:
    """
    The waits that are pending.

    Args:
        scatter: Returns a number from 0 to 1.

    """

    def __init__(self, scatter: Callable[[], float] = random.random) -> None:
        self._scatter = scatter
        self._waits: dict[str, dict[str, Wait]] = {}
        self._closed = False

    def __len__(self) -> int:
        """Return the number of members waiting."""
        return sum(map(len, self._waits.values()))

    def begin(self, room_id: str, user_id: str) -> Wait:
        """Begin to wait for a room's next event; to be given to :meth:`end`."""
        wait = Wait(room_id, user_id)
        if self._closed:
            wait.ring()
            return wait
        waits = self._waits.setdefault(room_id, {})
        older = waits.get(user_id)
        waits[user_id] = wait
        if older is not None:
            older.ring()
        return wait

    def end(self, wait: Wait) -> None:
        """Forget a wait, whatever ended it; repeatable."""
        waits = self._waits.get(wait.room_id, {})
        if waits.get(wait.user_id) is wait:
            del waits[wait.user_id]
            if not waits:
                del self._waits[wait.room_id]

    def ring(self, room_id: str) -> None:
        """End every wait in a room: something happened."""
        for wait in self._waits.get(room_id, {}).values():
            wait.ring()

    def retry_ms(self) -> int:
        """Return when one who waited may ask again: 0 is at once, we do not stop."""
        return RETRY_MS + round(_SPREAD_MS * self._scatter()) if self._closed else 0

    def release_all(self) -> None:
        """End every wait for good: the server stops. Repeatable."""
        self._closed = True
        for room_id in tuple(self._waits):
            self.ring(room_id)
