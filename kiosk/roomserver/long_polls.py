"""
Members waiting for the next event of their room, on the event loop.

One wait per member: a newer one sends the older home.  A wait ends by an event,
by its time, or by shutdown; what it then answers is not decided here.
"""

from __future__ import annotations

import asyncio


class LongPolls:
    """The waits that are pending."""

    def __init__(self) -> None:
        self._waits: dict[str, dict[str, asyncio.Event]] = {}
        self._closed = False

    def __len__(self) -> int:
        """Return the number of members waiting."""
        return sum(map(len, self._waits.values()))

    async def wait(self, room_id: str, user_id: str, hold_s: float) -> None:
        """Return at the room's next event, or after ``hold_s`` seconds."""
        if self._closed:
            return
        bell = asyncio.Event()
        waits = self._waits.setdefault(room_id, {})
        older = waits.get(user_id)
        waits[user_id] = bell
        if older is not None:
            older.set()
        try:
            async with asyncio.timeout(hold_s):
                await bell.wait()
        except TimeoutError:
            pass
        finally:
            self._forget(room_id, user_id, bell)

    def ring(self, room_id: str) -> None:
        """End every wait in a room: something happened."""
        for bell in self._waits.get(room_id, {}).values():
            bell.set()

    def release_all(self) -> None:
        """End every wait for good: the server stops. Repeatable."""
        self._closed = True
        for room_id in tuple(self._waits):
            self.ring(room_id)

    def _forget(self, room_id: str, user_id: str, bell: asyncio.Event) -> None:
        waits = self._waits.get(room_id, {})
        if waits.get(user_id) is bell:
            del waits[user_id]
        if not waits:
            self._waits.pop(room_id, None)
