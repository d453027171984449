"""
A room server with a desk, in this process; agents' pages and kiosks that come to it.

Pictures and sounds are not carried: :class:`PaperCarrying` only does what they do to a
call.  Kiosks are real parties of the server, over real HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.websockets import WebSocket

from kiosk.agentdesk.desk import DeskTimes
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.passwords import PasswordHash
from kiosk.app.desk_process import desk_beside
from kiosk.app.server_process import settings_of
from kiosk.config.server_schema import ServerConfig
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomError
from kiosk.ports import NoSeat, RoomNotice
from kiosk.room.conversation import Identity
from kiosk.room.messages import RoomType
from kiosk.room.session import Wanted
from kiosk.roomclient import HttpRoomService, new_room_service
from kiosk.roomserver.service import ServerAddresses, serve
from tests.fakes.web_socket import WebSocketClient


PASSWORD = "correct horse"
AGENTS = {"anna": "Anna Meier", "berta": "Berta Roth", "cyd": "Cyd"}
DEADLINE_S = 20.0


def quick_hash(password: str) -> PasswordHash:
    """Return a hash that costs nothing to check."""
    salt = b"salt of a test.."
    made = hashlib.scrypt(password.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    return PasswordHash(2, 1, 1, salt, made)


def agents_toml(*agent_ids: str, password: str = PASSWORD) -> str:
    """Return a file of agents who all have the same password."""
    kept = quick_hash(password)
    return "".join(
        f'["{agent_id}"]\nname = "{AGENTS[agent_id]}"\npassword = "{kept}"\n'
        for agent_id in agent_ids
    )


@dataclass
class PaperCarrying:
    """Publishes on paper: takes URLs, and says that they work."""

    begun: list[MediaCall] = field(default_factory=list[MediaCall])
    ended: list[MediaCall] = field(default_factory=list[MediaCall])
    played: list[str] = field(default_factory=list[str])
    publishes: bool = True

    async def carry(self, socket: WebSocket, call: MediaCall) -> None:
        self.begun.append(call)
        moved = asyncio.Event()
        call.on_moved(moved.set)
        try:
            if self.publishes:
                await call.published(await call.push_url())
            while True:
                with contextlib.suppress(RoomError):
                    self.played.append(await call.play_url())
                await moved.wait()
                moved.clear()
        except RoomError:
            pass
        finally:
            self.ended.append(call)


class Page:
    """An agent's page: its control socket, and its media socket while it has a call."""

    def __init__(self, url: str, token: str, control: WebSocketClient) -> None:
        self._url = url
        self._token = token
        self.control = control
        self.state: dict[str, Any] = {}
        self.notes: list[dict[str, Any]] = []
        self._media = AsyncExitStack()

    async def read(self) -> dict[str, Any]:
        """Take in one message."""
        wire = await self.control.next()
        if wire["say"] == "state":
            self.state = wire
        else:
            self.notes.append(wire)
        return wire

    async def until(self, is_true: Callable[[Page], object], what: str) -> None:
        """Read until something is true of the page."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not (self.state and is_true(self)):
                    await self.read()
        except TimeoutError:
            raise AssertionError(f"never {what}: {self.state} {self.notes}") from None

    async def order(self, verb: str, **fields: object) -> None:
        await self.control.send({"do": verb, **fields})

    async def sees_waiting(self, name: str) -> dict[str, Any]:
        """Wait until a kiosk is in the list."""

        def found(page: Page) -> list[dict[str, Any]]:
            return [one for one in page.state["waiting"] if one["name"] == name]

        await self.until(found, f"saw {name} waiting")
        return found(self)[0]

    async def answer(self, name: str) -> None:
        """Answer a kiosk by its name, and carry pictures once there is a call."""
        waiter = await self.sees_waiting(name)
        await self.order("answer", id=waiter["id"])
        await self.begin_media()

    async def begin_media(self) -> None:
        await self.until(lambda page: page.state["call"], "had a call")
        call_id = self.state["call"]["id"]
        socket = self.socket(f"/media?call={call_id}")
        await self._media.enter_async_context(socket)

    async def in_stage(self, stage: str) -> None:
        await self.until(
            lambda page: page.state["call"] and page.state["call"]["stage"] == stage,
            f"was in a call that is {stage}",
        )

    async def hears(self, why: str) -> dict[str, Any]:
        """Wait for a note."""

        def found(page: Page) -> list[dict[str, Any]]:
            return [one for one in page.notes if why in (one["say"], one.get("why"))]

        await self.until(found, f"heard {why}")
        return found(self)[0]

    def socket(self, path: str) -> WebSocketClient:
        fields = {"Cookie": f"desk={self._token}", "Origin": self._url}
        return WebSocketClient(self._url, path, fields)

    async def close(self) -> None:
        await self._media.aclose()


@dataclass
class DeskWorld:
    """
    The server and its desk.

    Attributes:
        at: Where the server is found; the desk is ``at.beside``.
        carrying: What carries pictures.
        agents: The file of agents.

    """

    at: ServerAddresses
    carrying: PaperCarrying
    agents: Path
    stack: AsyncExitStack

    @property
    def url(self) -> str:
        return self.at.beside

    async def log_in(self, agent_id: str, password: str = PASSWORD) -> str:
        """Return the cookie's token."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            wire = {"agent": agent_id, "password": password}
            answer = await client.post("/login", json=wire)
            assert answer.status_code == 204, answer.text
            return str(answer.cookies["desk"])

    async def page(self, agent_id: str, token: str = "") -> Page:
        """Open an agent's page."""
        token = token or await self.log_in(agent_id)
        fields = {"Cookie": f"desk={token}", "Origin": self.url}
        control = WebSocketClient(self.url, "/control", fields)
        page = Page(self.url, token, await self.stack.enter_async_context(control))
        self.stack.push_async_callback(page.close)
        await page.until(lambda page: page.state, "was told anything")
        return page

    async def kiosk(
        self, name: str, *targets: str, room_type: RoomType = RoomType.DOUBLE
    ) -> PaperKiosk:
        """Let a kiosk come; it does nothing yet."""
        wanted = targets or ("service",)
        create = not targets
        service = new_room_service(
            self.at.http_url,
            Identity(name, f"id-{name.lower()}"),
            Wanted(wanted if targets else (name,), create=create),
            MonotonicClock(),
            room_type=room_type,
        )
        return PaperKiosk(await self.stack.enter_async_context(service))


class PaperKiosk:
    """
    A kiosk without devices.

    Attributes:
        notices: What the room told it.

    """

    def __init__(self, service: HttpRoomService) -> None:
        self.service = service
        self.notices: list[RoomNotice] = []
        self._news = asyncio.Event()

    async def call(self) -> None:
        """Press the button: open a room, or come in when it is our turn."""
        seat = await self.service.find_seat()
        while isinstance(seat, NoSeat):
            await self.service.wait_turn()
            seat = await self.service.find_seat()
        await self.service.take_seat(seat, self._take)

    async def told(self, kind: type[RoomNotice], count: int = 1) -> list[Any]:
        """Wait until the room told so many of a kind."""

        def of_kind() -> list[RoomNotice]:
            return [one for one in self.notices if isinstance(one, kind)]

        try:
            async with asyncio.timeout(DEADLINE_S):
                while len(of_kind()) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never told {kind}: {self.notices}") from None
        return of_kind()

    def _take(self, notice: RoomNotice) -> None:
        self.notices.append(notice)
        self._news.set()


@asynccontextmanager
async def desk_world(
    folder: Path, times: DeskTimes | None = None, **sections: dict[str, object]
) -> AsyncGenerator[DeskWorld]:
    """Run a server with a desk; sections are those of its file."""
    agents = folder / "agents.toml"
    agents.write_text(agents_toml(*AGENTS))
    desk = {"http": "127.0.0.1:0", "agents": str(agents), **sections.pop("desk", {})}
    ports = {"http": "127.0.0.1:0", "rtmp": "127.0.0.1:0"}
    server = {**ports, **sections.pop("server", {})}
    config = ServerConfig.model_validate(
        {"server": server, "desk": desk, **sections}, strict=False
    )
    carrying = PaperCarrying()
    ready = asyncio.get_running_loop().create_future()
    beside = desk_beside(config, carrying, times)
    async with asyncio.TaskGroup() as tasks:
        serving = serve(settings_of(config), ready.set_result, beside=beside)
        running = tasks.create_task(serving)
        async with AsyncExitStack() as stack:
            yield DeskWorld(await ready, carrying, agents, stack)
        running.cancel()
