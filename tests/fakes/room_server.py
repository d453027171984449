"""A whole room server on real ports, and members that speak v2 to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

import httpx

from kiosk.room import messages as msg
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.service import ServerAddresses, serve
from kiosk.roomserver.settings import ServerSettings


Answer = TypeVar("Answer")
_CLOCK = ServerClock(time.monotonic, lambda: time.time_ns() / 1e9)


@asynccontextmanager
async def running_server(
    settings: ServerSettings | None = None, clock: ServerClock | None = None
) -> AsyncGenerator[tuple[ServerAddresses, asyncio.Task[None]]]:
    settings = settings or ServerSettings(http_port=0, rtmp_port=0)
    ready = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve(settings, ready.set_result, clock or _CLOCK))
        yield await ready, server
        server.cancel()


class Member:
    """A v2 client over real HTTP; understands tickets if it is told to."""

    tickets = False

    def __init__(self, client: httpx.AsyncClient, user: str) -> None:
        self._client = client
        self.user = user
        self._query: dict[str, str] = {}

    async def log_in(self) -> None:
        answer = await self._client.get(
            "/weapp/utils/get_login_info", params={"userID": self.user}
        )
        account = msg.read_answer(msg.GetLoginInfo(), answer.content)
        login = msg.Login(
            str(account.sdk_app_id), account.account_type, self.user, account.user_sig
        )
        query = cast("dict[str, str]", login.to_wire())
        answer = await self._client.post(msg.path_of(login), params=query)
        token = msg.read_answer(login, answer.content).token
        self._query = msg.Credentials(self.user, token).to_query()

    async def as_another(self, user: str) -> Member:
        """Log somebody else in over the same line."""
        other = Member(self._client, user)
        await other.log_in()
        return other

    async def ask(self, request: msg.Request[Answer]) -> Answer:
        answer = await self._client.post(
            msg.path_of(request), params=self._query, json=request.to_wire()
        )
        return msg.read_answer(request, answer.content)

    async def push_url(self, room_id: str = "") -> str:
        """Return a fresh push URL, perhaps for one room alone."""
        wanted = msg.GetPushUrl(self.user, room_id, self.tickets)
        return (await self.ask(wanted)).push_url

    async def play_url(self, of: str, room_id: str = "desk") -> str:
        """Return where a member of a room is played; empty if we may not."""
        room = await self.ask(msg.GetPushers(room_id, self.tickets))
        return next(one.play_url for one in room.members if one.user_id == of)

    async def create(self, room_id: str = "desk") -> str:
        """Create a room and sit in it; return the push URL."""
        url = await self.push_url()
        await self.ask(msg.CreateRoom(self.user, "Desk", room_id, self.user, "1", url))
        return url

    async def join(self, room_id: str = "desk") -> str:
        """Take a seat; return the push URL."""
        url = await self.push_url()
        await self.ask(msg.AddPusher(room_id, self.user, self.user, url))
        return url

    async def leave(self, room_id: str = "desk") -> None:
        """Give the seat back."""
        await self.ask(msg.DeletePusher(room_id, self.user))

    async def say(self, room_id: str, text: str) -> None:
        """Send a text to the others."""
        await self.ask(msg.SendRoomTextMsg(room_id, self.user, text))

    async def texts(self, room_id: str) -> list[str]:
        """Return the texts of the others so far."""
        events = (await self.ask(msg.WaitEvents(room_id, self.user, 0, 0.0))).events
        return [event.text for event in events if event.text]


@asynccontextmanager
async def members_at(http_url: str, *users: str) -> AsyncGenerator[tuple[Member, ...]]:
    """Log users in at a server."""
    async with httpx.AsyncClient(base_url=http_url) as client:
        members = tuple(Member(client, user) for user in users)
        for member in members:
            await member.log_in()
        yield members


@asynccontextmanager
async def members_of(
    at: ServerAddresses, *users: str
) -> AsyncGenerator[tuple[Member, ...]]:
    """Log users in at a server in this process."""
    async with members_at(at.http_url, *users) as members:
        yield members
