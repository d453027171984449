"""
The echo agent: a room where everybody hears and sees himself, a while later.

It is a member like any other, only that it lives in the server's process: it has
a seat and a grant, beats, and publishes through the relay what the relay receives
of its guest.  Technicians call it (``kiosk test-call``).  It serves one guest at
a time and hangs up after ``call_s``: the room closes and opens anew.

Where several processes share the rooms each has such an agent, and all are one
member: the one whose relay has the guest's stream takes the seat over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Never, Protocol

from kiosk.room.codes import RoomCode
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.echo_loop import EchoLoop
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.relay_stream import Listener, Publisher, RelayStream
from kiosk.roomserver.rooms import Entrant, RoomProblem, Rooms
from kiosk.roomserver.store import Seat
from kiosk.roomserver.store_ledger import StoreAway, Turns
from kiosk.rtmp.events import MediaEvent
from kiosk.rtmp.live_queue import Kind


log: Final = logging.getLogger(__name__)

ROOM: Final = "echo"
_LOOK_S: Final = 0.25
_CLOSED_S: Final = 1.0
"""How long the room stays closed after a call: its guest must learn that."""
_RETRY_S: Final = 5.0
_BEAT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class EchoSettings:
    """
    The echo agent's settings.

    Attributes:
        enabled: Whether there is one.
        delay_s: How much later picture and sound come back.
        call_s: After how long it hangs up.

    """

    enabled: bool = False
    delay_s: float = 1.0
    call_s: float = 60.0


class EchoRelay(Protocol):
    """What the agent needs of a relay."""

    def originate(self, name: str, publisher: Publisher) -> RelayStream:
        """Begin a stream that comes from within this process."""
        ...

    def withdraw(self, name: str, publisher: Publisher) -> None:
        """End it; safe to repeat."""
        ...

    def listen(self, name: str, listener: Listener) -> None:
        """Hear a stream, from its configs on."""
        ...

    def unlisten(self, name: str, listener: Listener) -> None:
        """Hear it no more; safe to repeat."""
        ...

    def request_idr(self, name: str) -> None:
        """Ask a stream's publisher for an IDR."""
        ...


class EchoAgent:
    """
    One room's echo; implements ``Publisher`` and ``Listener`` of the relay.

    Args:
        turns: Who lets the tables be asked.
        user_id: Who it is, in every process and life; not to be guessed.

    """

    def __init__(
        self,
        settings: EchoSettings,
        *,
        rooms: Rooms,
        grants: PushGrants,
        relay: EchoRelay,
        clock: ServerClock,
        turns: Turns,
        user_id: str,
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._grants = grants
        self._relay = relay
        self._clock = clock
        self._turns = turns
        self._user_id = user_id
        self._loop = EchoLoop(settings.delay_s, clock.monotonic())
        self._news = asyncio.Event()
        self._own: RelayStream | None = None
        self._guest: Seat | None = None
        self._guest_since = 0.0
        self._open_at = 0.0
        self._beat_at = 0.0
        self._is_beating = False

    async def run(self) -> Never:
        """Answer until cancelled; the room is given up then."""
        look_at = 0.0
        try:
            while True:
                now = self._clock.monotonic()
                if now >= look_at:
                    await self._look(now)
                    look_at = now + _LOOK_S
                self._send(now)
                due = self._loop.next_due or look_at
                await self._wait(min(due, look_at) - now)
        finally:
            self._hang_up()

    async def _wait(self, seconds: float) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._news.wait()
        except TimeoutError:
            return

    # -- as the relay sees it ---------------------------------------------------

    def request_idr(self) -> None:
        """Hand the wish of whoever watches the echo on to its guest."""
        if self._guest is not None:
            self._relay.request_idr(self._guest.stream)

    @property
    def opus(self) -> bool:
        """It sends what its guest sends: AAC, as every listener gets."""
        return False

    def use_opus(self, *, wanted: bool) -> None:
        """Nothing to choose."""

    def hear(self, kind: Kind, event: MediaEvent) -> None:
        """Take one unit of the guest."""
        if not self._loop.put(kind, event, self._clock.monotonic()):
            self.request_idr()
        self._news.set()

    def begin_anew(self) -> None:
        """Forget the guest's stream: another one follows under its name."""
        self._loop.restart()

    # -- inside ----------------------------------------------------------------

    async def _look(self, now: float) -> None:
        record = self._rooms.known(ROOM)
        seat = record.seat_of(self._user_id) if record else None
        if record is None or seat is None:
            self._hang_up()
            await self._open(now)
            return
        others = [one for one in record.seats if one is not seat]
        guest = others[0] if others else None
        if self._own is not None and seat.stream != self._own.name:
            self._let_go()  # the agent of another process has the guest
        if self._own is None and self._is_ours(guest or seat):
            await self._take_over(now)
        if self._own is None:
            return
        self._listen_to(guest, now)
        if self._guest is not None and now - self._guest_since > self._settings.call_s:
            self._hang_up()
        elif now >= self._beat_at and not self._is_beating:
            self._beat_at, self._is_beating = now + _BEAT_S, True
            self._turns.post(lambda: self._beat(now))

    def _is_ours(self, seat: Seat) -> bool:
        """Say whether a stream is published at this process's relay."""
        return self._grants.node_of(seat.stream) == self._grants.here

    async def _open(self, now: float) -> None:
        if now < self._open_at:
            return
        self._open_at = now + _RETRY_S

        def reserve_and_sit() -> str:
            self._rooms.reserve(ROOM, self._user_id, "Echo", now)
            return self._sit(now)

        await self._begin(reserve_and_sit, now)

    async def _take_over(self, now: float) -> None:
        await self._begin(lambda: self._sit(now), now)

    async def _begin(self, sit: Callable[[], str], now: float) -> None:
        try:
            stream = await self._turns.turn(sit)
        except RoomProblem as problem:
            log.warning("echo room not opened", extra={"reason": str(problem)})
        except StoreAway:
            return  # it is looked at again soon
        else:
            self._own = self._relay.originate(stream, self)
            self._beat_at = now + _BEAT_S

    def _sit(self, now: float) -> str:
        grant = self._grants.issue(self._user_id, "", now)
        if grant is None:
            raise RoomProblem(RoomCode.SERVER_ERROR)
        self._grants.bind(grant, ROOM)
        name = f"Echo {self._settings.delay_s:g} s"  # test calls subtract it
        at_unix = int(self._clock.unix())
        entrant = Entrant(self._user_id, name, "", grant.stream, at_unix)
        self._rooms.join(ROOM, entrant, now)
        return grant.stream

    def _beat(self, now: float) -> None:
        self._is_beating = False
        with contextlib.suppress(RoomProblem):  # closed by somebody else
            self._rooms.heartbeat(ROOM, self._user_id, now)

    def _listen_to(self, guest: Seat | None, now: float) -> None:
        before = self._guest
        if (guest and guest.stream) == (before and before.stream):
            return
        if before is not None:
            self._relay.unlisten(before.stream, self)
        self._loop.restart()
        self._guest = guest
        if guest is None:
            return
        if before is None or before.user_id != guest.user_id:
            self._guest_since = now
        self._relay.listen(guest.stream, self)

    def _send(self, now: float) -> None:
        for event in self._loop.take_due(now):
            if self._own is not None:
                self._own.relay(event, now)

    def _let_go(self) -> bool:
        """End the stream from here; say whether there was one."""
        own, self._own = self._own, None
        self._listen_to(None, self._clock.monotonic())
        if own is None:
            return False
        self._relay.withdraw(own.name, self)
        return True

    def _hang_up(self) -> None:
        if self._let_go():
            self._open_at = self._clock.monotonic() + _CLOSED_S
            self._turns.post(self._close)

    def _close(self) -> None:
        with contextlib.suppress(RoomProblem):  # closed by somebody else
            self._rooms.destroy(ROOM, self._user_id)
