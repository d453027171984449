"""
Is the room service there while nobody calls?

Out of service, it asks with growing pauses; idle, it asks now and then. Each
asking is one try, so that the screen says what is so as soon as it is known. It
never touches a call: media go on without the room service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.daemon.growing_pause import GrowingPause
from kiosk.errors import RoomError, RoomUnreachable
from kiosk.ports import RoomService


_SILENT = f"{RoomUnreachable.code} the room service has not answered yet"
_WATCHED = {State.IDLE, State.OUT_OF_SERVICE, State.CLOSED}


class ServiceWatch:
    """
    Posts ServiceFound and ServiceLost.

    Args:
        room: What is watched.
        state: Tells where the call is.
        post: Gets the events, on the event loop.
        check_s: Pause between checks while idle.
        retry_s: First and longest pause between tries while out of service.
        silent_s: After so long without any answer that is said.

    """

    def __init__(
        self,
        room: RoomService,
        *,
        state: Callable[[], State],
        post: Callable[[ev.Event], None],
        check_s: float,
        retry_s: tuple[float, float],
        silent_s: float,
    ) -> None:
        self._room = room
        self._state = state
        self._post = post
        self._check_s = check_s
        self._retry_s = retry_s
        self._silent_s = silent_s
        self.user_id = ""

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._find()
            await self._lose()

    async def _find(self) -> None:
        later = asyncio.get_running_loop().call_later
        silence = later(self._silent_s, self._post, ev.ServiceLost(_SILENT))
        pause = GrowingPause(*self._retry_s)
        while True:
            try:
                # A login from before says nothing about now: ask.
                await self._room.check()
                self.user_id = await self._room.log_in()
            except RoomError as exc:
                self._post(ev.ServiceLost(f"{exc.code} {exc}"))
            else:
                self._post(ev.ServiceFound())
                return
            finally:
                silence.cancel()
            await asyncio.sleep(pause.next_s())

    async def _lose(self) -> None:
        while True:
            await asyncio.sleep(self._check_s)
            if self._state() not in _WATCHED:
                continue
            try:
                await self._room.check()
            except RoomError as exc:
                self._post(ev.ServiceLost(f"{exc.code} {exc}"))
                return
