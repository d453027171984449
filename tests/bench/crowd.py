"""
Members of rooms as load makes them: real requests, written once and asked often.

Nothing here measures; the loads do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from kiosk.room import messages as msg
from tests.bench.http_lines import Line, request, told


Item = TypeVar("Item")

ROOMS = "/weapp/double_room/"


@dataclass(slots=True)
class Member:
    """One user of the room service, with what it asks again and again."""

    user_id: str
    room_id: str
    token: str = ""
    seq: int = 0
    beat: bytes = field(default=b"", repr=False)

    def post(self, asked: msg.Request[Any]) -> bytes:
        """Return one request of this member's."""
        path = f"{msg.path_of(asked)}?userID={self.user_id}"
        return request(path, asked.to_wire(), self.token)

    def wait(self, hold_s: float) -> bytes:
        """Return its long poll."""
        return self.post(msg.WaitEvents(self.room_id, self.user_id, self.seq, hold_s))

    async def ask(self, line: Line, asked: msg.Request[Any]) -> dict[str, Any]:
        """Ask and return the object of a success."""
        return told(*await line.ask(self.post(asked)), type(asked).__name__)

    async def log_in(self, line: Line) -> None:
        """Get a token."""
        path = f"/weapp/utils/get_login_info?userID={self.user_id}"
        account = told(*await line.ask(request(path)), "get_login_info")
        app, kind = account["sdkAppID"], account["accType"]
        sig = quote(account["userSig"], safe="")
        query = f"sdkAppID={app}&accountType={kind}&userID={self.user_id}&userSig={sig}"
        path = f"{ROOMS}login?{query}"
        self.token = told(*await line.ask(request(path, {})), "login")["token"]
        self.beat = self.post(msg.PusherHeartbeat(self.room_id, self.user_id))

    async def push_url(self, line: Line) -> str:
        """Get a push URL for the room."""
        wanted = msg.GetPushUrl(self.user_id, self.room_id)
        return str((await self.ask(line, wanted))["pushURL"])

    async def create(self, line: Line) -> None:
        """Open the room and sit in it."""
        url = await self.push_url(line)
        label, me = f"Desk {self.room_id}", self.user_id
        made = await self.ask(
            line, msg.CreateRoom(me, label, self.room_id, me, push_url=url)
        )
        self.seq = made["seq"]

    async def join(self, line: Line) -> None:
        """Take a seat in the room."""
        url = await self.push_url(line)
        me = self.user_id
        seat = await self.ask(line, msg.AddPusher(self.room_id, me, me, url))
        self.seq = seat["seq"]

    async def leave(self, line: Line) -> None:
        """Give the seat up."""
        await self.ask(line, msg.DeletePusher(self.room_id, self.user_id))


async def on_each_line(
    lines: Iterable[Line],
    items: Iterable[Item],
    act: Callable[[Line, Item], Awaitable[None]],
) -> None:
    """Do something with every item, as many at once as there are lines."""
    left = iter(items)

    async def work(line: Line) -> None:
        for item in left:
            await act(line, item)

    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(work(line))
