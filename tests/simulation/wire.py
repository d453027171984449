"""
A party's requests over its path, in memory.

The exchange is the room client's own; only what httpx and TCP would do is done here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Never
from urllib.parse import urlencode

from typing_extensions import override

from kiosk.errors import NotAMember, RoomProtocolError, RoomUnreachable
from kiosk.room.messages import REQUEST_ID, RoomCode
from kiosk.room.script import ServerBusy
from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomclient.http_door import HttpDoor, Outgoing
from kiosk.roomserver.http_message import OK, HttpAnswer, HttpRequest, json_answer
from tests.simulation.path import Mishap, Path
from tests.simulation.server import Server


_SIGNS_OF_LIFE = frozenset({"create_room", "add_pusher", "pusher_heartbeat"})
_TOO_MANY, _SERVER_TROUBLE = 429, 500


class Wire(HttpDoor):
    """
    Carries a party's requests over its path, for the life of one process.

    Args:
        begin: Begins what nobody waits for.

    """

    def __init__(
        self, path: Path, server: Server, begin: Callable[..., object]
    ) -> None:
        # not the one above: it would make an httpx client that nobody uses
        self._path = path
        self._server = server
        self._begin = begin
        self.is_dead = False

    @override
    async def send(self, request: Outgoing) -> bytes:
        if self.is_dead:  # so is the process; what is left of it is to end soon
            raise NotAMember(request.name, 5, "killed")
        try:
            async with asyncio.timeout(request.deadline_s):
                answer = await self._exchanged(request)
        except TimeoutError:
            raise RoomUnreachable(f"{request.name}: no whole answer") from None
        if answer.status >= _SERVER_TROUBLE or answer.status == _TOO_MANY:
            raise ServerBusy(f"{request.name}: HTTP {answer.status}", 0.0)
        if answer.status != OK:
            raise RoomProtocolError(f"{request.name}: HTTP {answer.status}")
        return answer.body

    @override
    async def aclose(self) -> None:
        """Nothing is open."""

    async def _exchanged(self, request: Outgoing) -> HttpAnswer:
        path = self._path
        mishap = path.mishaps.popleft() if path.mishaps else None
        await asyncio.sleep(path.latency_s())
        if mishap is Mishap.LATE:
            await asyncio.sleep(path.random.uniform(0.2, 6.0))
        if mishap is Mishap.LOST or not path.is_open or not path.is_heard:
            await _for_ever()
        if mishap is Mishap.BUSY:
            return HttpAnswer(b"", status=503)
        if path.is_withdrawn:
            return json_answer(
                {"code": RoomCode.AUTH_FAILED, "message": "identity withdrawn"}
            )
        if mishap is Mishap.TWICE:
            self._begin(self._again(request))
        answer = await self._answered(request)
        if mishap is Mishap.ANSWER_LOST or not path.is_open:
            await _for_ever()
        await asyncio.sleep(path.latency_s())
        return answer

    async def _again(self, request: Outgoing) -> None:
        await asyncio.sleep(self._path.random.uniform(0.0, 1.0))
        with suppress(RoomUnreachable):  # nobody waits for this answer
            await self._answered(request)

    async def _answered(self, request: Outgoing) -> HttpAnswer:
        life, door = self._server.life, self._server.door
        if door is None:
            raise RoomUnreachable(f"{request.name}: connection refused")
        if request.name in _SIGNS_OF_LIFE:
            self._note_sign(request)
        answer = door(_heard(request, self._path.address))
        if not isinstance(answer, HttpAnswer):
            answer = await answer
        if self._server.life != life:
            raise RoomUnreachable(f"{request.name}: connection reset")
        return answer

    def _note_sign(self, request: Outgoing) -> None:
        user_id = json.loads(request.content or b"{}")["userID"]
        self._server.heard_at[user_id] = asyncio.get_running_loop().time()


class WiredExchange(HttpExchange):
    """The client's own, over a :class:`Wire`."""

    def __init__(self, wire: Wire) -> None:
        self._door = wire


def _heard(request: Outgoing, address: str) -> HttpRequest:
    return HttpRequest(
        request.method,
        request.path,
        urlencode(request.query),
        request.content or b"",
        request.headers.get("Content-Type", ""),
        request.headers.get("Authorization", ""),
        address,
        b"",
        request.headers.get(REQUEST_ID, ""),
    )


async def _for_ever() -> Never:
    await asyncio.Event().wait()
    raise AssertionError
