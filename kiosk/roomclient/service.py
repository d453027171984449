"""
:class:`kiosk.ports.RoomService` over HTTP: carries scripts out, owns their tasks.

``async with`` spans its life.  While a seat is held tasks run: heartbeats, news, and the
IM group where there is one.  They end with the seat, and ``leave`` cancels them first: no
notice follows it.  A programming error in one of them ends the ``async with``.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from types import TracebackType
from typing import Final, Self, TypeVar, cast

import httpx

from kiosk.errors import NotAMember, RoomError
from kiosk.ports import (
    Clock,
    NoSeat,
    Peer,
    RoomNotice,
    Seat,
)
from kiosk.proxy import Proxy
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.fleet_report import FleetReport
from kiosk.room.im_channel import ImChannel
from kiosk.room.membership import Membership
from kiosk.room.messages import Dialect, Room, RoomCode, RoomType
from kiosk.room.queueing import NoPlace
from kiosk.room.script import (
    Ask,
    AskGateway,
    Outcome,
    Pause,
    Script,
    Step,
    Tell,
)
from kiosk.room.session import Place, RoomSession, Wanted
from kiosk.room.watching import Watching
from kiosk.roomclient.exchange import GatewayExchange, HttpExchange
from kiosk.roomclient.notices import notice_of, peer_of


OnNotice = Callable[[RoomNotice], None]
Sleep = Callable[[float], Awaitable[object]]

_CLOSE_S: Final = 1.0  # who ends waits no longer for a server that says nothing
_MICROS = 1_000_000
_ID_BYTES = 16
T = TypeVar("T")


def new_room_service(
    server_url: str,
    identity: Identity,
    wanted: Wanted,
    clock: Clock,
    *,
    dialect: Dialect | None = None,
    room_type: RoomType = RoomType.DOUBLE,
    tls: ssl.SSLContext | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    im_gateway: str = "",
    proxy: Proxy | None = None,
) -> HttpRoomService:
    """
    Compose a room service from its settings.

    Args:
        server_url: Of the room server.
        identity: Who we are.
        wanted: Which rooms.
        clock: Monotonic time, and wall time for the gateway.
        dialect: What the server speaks; found out by default.
        room_type: Whose rooms.
        tls: Whom to trust.
        transport: Replaces the network.
        im_gateway: Of the cloud that carries the IM channel, if one does.
        proxy: Is gone through to both, if it leads there.

    Raises:
        ConfigError: If an address is not an HTTP URL.

    """
    talk = Conversation(
        identity,
        secrets.SystemRandom().random,
        dialect,
        room_type,
        new_id=lambda: secrets.token_urlsafe(_ID_BYTES),
    )
    exchange = HttpExchange(server_url, transport, tls, proxy)
    if not im_gateway:
        return HttpRoomService(RoomSession(talk, wanted), exchange, clock)
    gateway = GatewayExchange(im_gateway, clock.wall_s, transport, tls, proxy)
    session = RoomSession(talk, wanted, ImChannel(talk))
    return HttpRoomService(session, exchange, clock, gateway=gateway)


class HttpRoomService:
    """
    The room service as one party uses it; holds at most one seat.

    Args:
        session: Decides.
        exchange: Asks.
        clock: Monotonic time for the session.
        sleep: Waits; ``asyncio.sleep`` but in tests.
        gateway: Asks the IM gateway, where the session has an IM channel.

    """

    def __init__(
        self,
        session: RoomSession,
        exchange: HttpExchange,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        gateway: GatewayExchange | None = None,
    ) -> None:
        self._session = session
        self._exchange = exchange
        self._clock = clock
        self._sleep = sleep
        self._gateway = gateway
        self._group = asyncio.TaskGroup()
        self._membership: Membership | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._on_notice: OnNotice = _nobody
        self._watching: Watching | None = None

    async def __aenter__(self) -> Self:
        """Begin to own tasks."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; raises what a task failed with."""
        try:
            await self.close()
        finally:
            await self._group.__aexit__(*cancelled_only(kind, error, trace))

    async def log_in(self) -> str:
        """Log in, unless already logged in, and return our user_id."""
        return await self._carry_out(self._session.log_in(self._now()))

    async def find_seat(self) -> Seat | NoSeat:
        """Look for a free seat in the configured rooms."""
        place = await self._carry_out(self._session.find_place(self._now()))
        if isinstance(place, NoPlace):
            return NoSeat(place.reason, place.position)
        return _seat(place)

    async def wait_turn(self) -> NoSeat | None:
        """Wait in line; None once ``find_seat`` will find one."""
        place = await self._carry_out(self._session.wait_turn(self._now()))
        return None if place is None else NoSeat(place.reason, place.position)

    async def seat_in(self, room_id: str) -> Seat:
        """Return a seat in one room known by its id."""
        script = self._session.place_in(room_id, self._now())
        return _seat(await self._carry_out(script))

    async def new_seat(self, room_name: str, room_id: str = "") -> Seat:
        """Return a seat in a room that ``take_seat`` will open (beyond the port)."""
        script = self._session.new_place(room_name, room_id, self._now())
        return _seat(await self._carry_out(script))

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The other members of our room, as last seen (beyond the port)."""
        members = self._membership.members if self._membership else ()
        return tuple(peer_of(member) for member in members)

    async def tune(self, target: str) -> str:
        """Return where to play who is on air in a live_room (beyond the port)."""
        if self._watching is None:
            self._watching = self._session.watching(target)
        return await self._carry_out(self._watching.tune(self._now()))

    async def tune_out(self) -> None:
        """Watch no live_room any more (beyond the port)."""
        watching, self._watching = self._watching, None
        if watching is not None:
            await self._carry_out(watching.leave(self._now()))

    async def list_rooms(self) -> tuple[Room, ...]:
        """Return all rooms with their members (beyond the port)."""
        return await self._carry_out(self._session.list_rooms(self._now()))

    async def take_seat(self, seat: Seat, on_notice: OnNotice) -> str:
        """
        Join or create the room and begin heartbeats; our stream is published.

        The notices begin right after this returned.
        """
        place = Place(seat.room_id, seat.room_name, seat.create, seat.push_url)
        await self._stop_tasks()
        membership = await self._carry_out(self._session.join(place, self._now()))
        self._membership = membership
        self._on_notice = on_notice
        now = self._now()
        self._tasks = tuple(
            self._group.create_task(self._carry_out(script), name=name)
            for name, script in (
                ("room heartbeats", membership.heartbeats(now)),
                ("room news", membership.news(now)),
                ("room group", self._session.hear_group(membership, now)),
            )
        )
        return membership.room_id

    async def new_push_url(self) -> str:
        """Return a fresh push URL for the seat we hold."""
        seat = self._held("get_push_url")
        return await self._carry_out(seat.new_push_url(self._now()))

    async def move_stream(self, push_url: str) -> None:
        """Announce that our stream is now published at ``push_url``."""
        seat = self._held("add_pusher")
        await self._carry_out(seat.move_stream(push_url, self._now()))

    async def play_url(self, user_id: str) -> str:
        """Return a fresh URL to play a peer at."""
        seat = self._held("get_pushers")
        return await self._carry_out(seat.play_url(user_id, self._now()))

    def rename(self, user_name: str) -> None:
        """Be shown as somebody else from the next ``move_stream`` on (beyond the port)."""
        self._session.rename(user_name)

    async def send_text(self, text: str, cmd: str = "") -> None:
        """Send a text message to the others; ``cmd`` names one not typed."""
        seat = self._held("send_room_text_msg")
        await self._carry_out(seat.send_text(text, self._now(), cmd))

    async def send_still(self, jpeg: bytes) -> None:
        """Leave a still picture for the other members of our room."""
        seat = self._held("put_still")
        await self._carry_out(seat.send_still(jpeg, self._now()))

    async def still_of(self, user_id: str) -> bytes:
        """Return the still picture another member left, a JPEG."""
        seat = self._held("get_still")
        return await self._carry_out(seat.still_of(user_id, self._now()))

    async def leave(self) -> None:
        """Give the seat back (also of a cancelled ``take_seat``); leave the queue."""
        await self._stop_tasks()
        await self._carry_out(self._session.leave(self._now()))

    async def leave_seat(self, room_id: str) -> None:
        """Give back the seat that a predecessor of ours had in a room."""
        await self._carry_out(self._session.leave_seat(room_id, self._now()))

    async def check(self) -> None:
        """Ask whether the service is there, while idle."""
        await self._carry_out(self._session.check(self._now()))

    async def report(self, report: FleetReport) -> None:
        """Tell the operators how this kiosk is (:mod:`kiosk.ports.fleet`)."""
        await self._carry_out(self._session.report(report, self._now()))

    async def close(self) -> None:
        """Leave, if needed, log out and close all connections, within some 2 s."""
        await self.tune_out()
        with suppress(RoomError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self.leave()
        await self._carry_out(self._session.log_out(self._now()))
        await self._exchange.aclose()
        if self._gateway is not None:
            await self._gateway.aclose()

    def _held(self, route: str) -> Membership:
        if self._membership is None:
            raise NotAMember(route, int(RoomCode.NOT_A_MEMBER), "no seat is held")
        return self._membership

    async def _stop_tasks(self) -> None:
        self._membership = None
        self._on_notice = _nobody
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _carry_out(self, script: Script[T]) -> T:
        with closing(script):
            try:
                step = next(script)
                while True:
                    step = script.send(await self._outcome_of(step))
            except StopIteration as end:
                return cast("T", end.value)

    async def _outcome_of(self, step: Step) -> Outcome:
        match step:
            case Pause(seconds):
                await self._sleep(seconds)
            case Tell(fact):
                self._on_notice(notice_of(fact))
            case Ask() | AskGateway():
                try:
                    answer = await self._answer_to(step)
                except RoomError as error:
                    return Outcome(self._now(), error=error)
                return Outcome(self._now(), answer)
        return Outcome(self._now())

    async def _answer_to(self, step: Ask | AskGateway) -> object:
        if isinstance(step, AskGateway):
            assert self._gateway is not None, "a session with a channel has one"
            return await self._gateway.ask(step.request, step.query, step.deadline_s)
        return await self._exchange.ask(
            step.request,
            step.credentials,
            step.deadline_s,
            step.room_type,
            request_id=step.request_id,
        )

    def _now(self) -> float:
        return self._clock.now() / _MICROS


def cancelled_only(
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> tuple[type[BaseException] | None, BaseException | None, TracebackType | None]:
    """
    Return what a TaskGroup must know of how its ``async with`` was left.

    It would wrap the error of the body in a group; with its tasks stopped
    beforehand it need only hear of a cancellation.
    """
    if kind is not None and issubclass(kind, asyncio.CancelledError):
        return kind, error, trace
    return None, None, None


def _seat(place: Place) -> Seat:
    return Seat(place.room_id, place.label, place.create, place.push_url)


def _nobody(_notice: RoomNotice) -> None:
    """Take notices while no seat is held."""
