"""
Is the room service there while nobody calls?

Out of service, it asks with growing pauses, and each asking is one try, so that the
screen says what is so as soon as it is known. Idle, it asks now and then, and once more
where a server stumbles: one that is started anew is back before anybody wants to call.
It never touches a call: media go on without the room service.

What else a call cannot begin without (a display, say) is asked for here as well:
out of service is one state with many reasons.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.daemon.growing_pause import GrowingPause
from kiosk.daemon.outside import Outside
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.standing_down import StandingDown
from kiosk.errors import RoomError, RoomRefused, RoomUnreachable
from kiosk.ports import Micros


log = logging.getLogger(__name__)

_SILENT = f"{RoomUnreachable.code} the room service has not answered yet"
_AGAIN_S = 0.5, 1.5
_SPREAD = 0.2
"""By so much of itself a pause between looks is shorter at most: many kiosks that were
answered at once, after their server stood still, would ask at once ever after."""
_WATCHED = {State.IDLE, State.CONSENT, State.OUT_OF_SERVICE, State.CLOSED}


class ServiceWatch:
    """
    Posts ServiceFound and ServiceLost.

    Args:
        outside: Has the room service, which is watched, and finds out why it is silent.
        state: Tells where the call is.
        post: Gets the events, on the event loop.
        settings: How often it asks, and when silence is said.
        refusal: Tells what else keeps calls from beginning, or nothing.
        hindrance: Tells why the room service is not even asked, or nothing.
        behind: Returns the room in which a predecessor's seat is to be left, once.
        resume: Returns the call to go on with, once; no refusal applies to that.
        waits: Whether it is too early to say so.

    Attributes:
        stand_down: Lets no call begin for so many seconds; ControlError if somebody
            is there.
        user_id: Whom the room service takes us for; empty before the first login.
        served_at: When it answered us last; None before the first login.

    """

    def __init__(
        self,
        outside: Outside,
        *,
        state: Callable[[], State],
        post: Callable[[ev.Event], None],
        settings: DaemonSettings,
        refusal: Callable[[], str] = str,
        hindrance: Callable[[], str] = str,
        behind: Callable[[], str] = str,
        resume: Callable[[], ev.Resumed | None] = lambda: None,
        waits: Callable[[], bool] = bool,
    ) -> None:
        self._room, self._now = outside.room, outside.clock.now
        self._state = state
        self._post = post
        self._check_s = settings.check_s
        self._retry_s = settings.retry_s
        self._silent_s = settings.silent_s
        self._borne_s = settings.borne_s
        self._standing_down = StandingDown(state, post, self.look_again)
        self.stand_down = self._standing_down.begin
        self._other_refusal = refusal
        self._hindrance = hindrance
        self._explain = outside.explain_silence
        self._scatter = outside.scatter
        self._behind = behind
        self._resume = resume
        self._waits = waits
        self._changed = asyncio.Event()
        self.user_id = ""
        self.served_at: Micros | None = None

    def _refusal(self) -> str:
        return self._standing_down.refusal or self._other_refusal()

    def look_again(self) -> None:
        """Ask at once, in the place of after the pause; on the event loop."""
        self._changed.set()

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
            if hindrance := self._hindrance():
                silence.cancel()
                if not self._waits():
                    self._post(ev.ServiceLost(hindrance))
                await self._rest(pause.next_s())
                continue
            try:
                # A login from before says nothing about now: ask.
                await self._room.check()
                self.user_id = await self._room.log_in()
            except RoomError as exc:
                self._post(ev.ServiceLost(await self._explain(exc)))
            else:
                self.served_at = self._now()
                if (resumed := self._resume()) is not None:
                    self._post(resumed)
                    return
                await self._leave_behind()
                refusal = self._refusal()
                if refusal and not self._waits():
                    self._post(ev.ServiceLost(refusal))
                elif not self._waits():
                    self._post(ev.ServiceFound())
                    return
            finally:
                silence.cancel()
            await self._rest(pause.next_s())

    async def _leave_behind(self) -> None:
        """Give a predecessor's seat back; what fails here, its heartbeat's end mends."""
        if room_id := self._behind():
            try:
                await self._room.leave_seat(room_id)
            except RoomError as exc:
                reason = {"code": exc.code, "reason": str(exc)}
                log.warning("old seat not left", extra=reason)
            else:
                log.info("old seat left")

    async def _lose(self) -> None:
        while True:
            await self._rest(self._check_s * (1.0 - _SPREAD * self._scatter()))
            if self._state() not in _WATCHED:
                continue
            if refusal := self._refusal():
                self._post(ev.ServiceLost(refusal))
                return
            if (silence := await self._silence()) is not None:
                self._post(ev.ServiceLost(await self._explain(silence)))
                return

    async def _silence(self) -> RoomError | None:
        """Ask; return why there is no service, unless that passes in a moment."""
        clock = asyncio.get_running_loop().time
        borne_until = clock() + self._borne_s
        pause = GrowingPause(*_AGAIN_S)
        while True:
            try:
                await self._room.check()
            except RoomError as exc:
                # A refusal is an answer, and a call asks for itself.
                if isinstance(exc, RoomRefused) or clock() >= borne_until:
                    return exc
                await self._rest(pause.next_s())
            else:
                self.served_at = self._now()
                return None
            if self._state() not in _WATCHED:
                return None

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()
