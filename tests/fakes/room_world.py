"""A room server without a port and its clients, all in virtual time."""

from __future__ import annotations

import asyncio
import heapq
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import httpx
from typing_extensions import override

from kiosk.ports import Micros, NoSeat, RoomNotice, Seat
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import RoomSession, Wanted
from kiosk.roomclient import HttpExchange, HttpRoomService
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.http_in_memory import HttpInMemory


START_S = 1000.0
_TURNS = 60


class VirtualTime:
    """A clock and a sleep that a test moves; implements ``kiosk.ports.Clock``."""

    def __init__(self) -> None:
        self.seconds = START_S
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    def now(self) -> Micros:
        return Micros(round(self.seconds * 1_000_000))

    def wall_s(self) -> float:
        return 1_790_000_000.0 + self.seconds

    async def sleep(self, seconds: float) -> None:
        bell = asyncio.Event()
        due = self.seconds + seconds
        heapq.heappush(self._sleepers, (due, next(self._order), bell))
        await bell.wait()

    async def pass_by(self, seconds: float) -> None:
        """Wake, in order, everybody who sleeps less than so long."""
        end = self.seconds + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self.seconds, _, bell = heapq.heappop(self._sleepers)
            bell.set()
            await settle()
        self.seconds = end


async def settle() -> None:
    """Let the loop turn until everything that can happen has happened."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class PaperBackend:
    """Names streams that nobody carries; remembers what was cut."""

    def __init__(self) -> None:
        self.cut_streams: list[str] = []

    def push_url(self, stream: str, query: str) -> str:
        return f"rtmp://relay/live/{stream}?{query}"

    def play_url(self, stream: str, query: str) -> str:
        return f"rtmp://relay/live/{stream}?{query}"

    def is_recorded(self, stream: str) -> bool:
        return False

    def is_live(self, stream: str) -> bool:
        return stream not in self.cut_streams

    def cut(self, stream: str) -> None:
        self.cut_streams.append(stream)

    def review(self) -> None:
        """Nobody is connected."""

    def request_idr(self, stream: str) -> None:
        """Nobody is there to be asked."""


def no_fault(_request: httpx.Request) -> httpx.Response | None:
    """Let every request pass."""
    return None


class Wire(httpx.AsyncBaseTransport):
    """Carries requests to the world's server, unless it is told to fail."""

    def __init__(self, world: RoomWorld) -> None:
        self.world = world
        self.requests: list[httpx.Request] = []
        self.fault: Callable[[httpx.Request], httpx.Response | None] = no_fault
        self.is_silent = False

    @property
    def routes(self) -> list[str]:
        return [request.url.path.rsplit("/", 1)[-1] for request in self.requests]

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.is_silent:
            await asyncio.Event().wait()
        faulty = self.fault(request)
        if faulty is not None:
            return faulty
        app = self.world.app
        if app is None:
            raise httpx.ConnectError("connection refused")
        await asyncio.sleep(0)  # a network lets others have a turn
        return await app.handle_async_request(request)


class RoomWorld:
    """One server and as many clients as a test likes."""

    def __init__(self, settings: ServerSettings | None = None) -> None:
        self.time = VirtualTime()
        self.backend = PaperBackend()
        self.app: HttpInMemory | None = None
        self._settings = settings or ServerSettings()
        self._polls = LongPolls()
        self._sweeps: tuple[Callable[[], None], ...] = ()
        self.start()

    def start(self) -> None:
        """Start the server with an empty memory."""
        clock = ServerClock(lambda: self.time.seconds, self.time.wall_s)
        polls = LongPolls()
        loop = asyncio.get_running_loop()
        core = ServerCore(
            self._settings,
            clock,
            secrets.token_bytes,
            polls.ring,
            later=loop.call_later,
        )
        routes = core.routes(self.backend)
        self.gate = core.gate
        self._polls, self._sweeps = polls, core.sweeps
        self.app = HttpInMemory(Door(routes, polls))

    def kill(self) -> None:
        """Let the server be gone, its memory too."""
        self.app = None
        self._polls.release_all()

    async def pass_by(self, seconds: float) -> None:
        """Let time pass; the server sweeps every 5 s."""
        while seconds > 0:
            step = min(seconds, self._settings.sweep_s)
            await self.time.pass_by(step)
            seconds -= step
            for sweep in self._sweeps if self.app else ():
                sweep()
            await settle()

    def service(
        self,
        user_id: str,
        *targets: str,
        create: bool = False,
        dialect: Dialect | None = None,
        room_type: RoomType = RoomType.DOUBLE,
    ) -> tuple[HttpRoomService, Wire]:
        """Return a client of this server, not yet entered, and its wire."""
        wire = Wire(self)
        identity = Identity(user_id.title(), user_id)
        talk = Conversation(identity, lambda: 0.5, dialect, room_type, _new_id)
        session = RoomSession(talk, Wanted(targets, create, room_type.usual_capacity))
        exchange = HttpExchange("http://room.test/", wire)
        return HttpRoomService(session, exchange, self.time, self.time.sleep), wire

    @asynccontextmanager
    async def party(
        self,
        user_id: str,
        *targets: str,
        create: bool = False,
        dialect: Dialect | None = None,
        room_type: RoomType = RoomType.DOUBLE,
    ) -> AsyncIterator[Party]:
        """Return a client of this server."""
        service, wire = self.service(
            user_id, *targets, create=create, dialect=dialect, room_type=room_type
        )
        async with service:
            yield Party(service, wire)
            wire.fault = no_fault  # nobody moves the time while it closes
            if self.app is None:
                self.start()

    @asynccontextmanager
    async def agent_and_kiosk(self) -> AsyncIterator[tuple[Party, Party]]:
        """Yield an agent whose room has a seat for a kiosk, and that kiosk."""
        async with (
            self.party("agent", "desk", create=True) as agent,
            self.party("kiosk", "desk") as kiosk,
        ):
            yield agent, kiosk

    @asynccontextmanager
    async def call(self) -> AsyncIterator[tuple[Party, Party]]:
        """Yield an agent and a kiosk in one room, each told of the other."""
        async with self.agent_and_kiosk() as (agent, kiosk):
            await agent.enter()
            await kiosk.enter()
            await settle()
            yield agent, kiosk


def _new_id() -> str:
    return secrets.token_urlsafe(16)


class Party:
    """A client, what it was told, and what it asked."""

    def __init__(self, service: HttpRoomService, wire: Wire) -> None:
        self.service = service
        self.wire = wire
        self.told: list[RoomNotice] = []

    async def enter(self) -> str:
        """Find a seat, pretend to publish, take it."""
        seat = await self.service.find_seat()
        return await self.enter_at(seat)

    async def enter_at(self, seat: Seat | NoSeat) -> str:
        """Take a seat found before."""
        assert isinstance(seat, Seat), seat
        return await self.service.take_seat(seat, self.told.append)
