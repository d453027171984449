"""
The desk's routes: the page and its files, logging in and out, and two WebSockets.

==========================  ===================================================
``GET /``, ``/desk.css`` ..  the page, to anybody
``GET /me``                 ``{"name"}``: the agent's; null: nobody is logged in
``POST /login``             ``{"agent", "password"}``: 204 with a cookie, 401 or 429
``POST /logout``            204
``/control``                WebSocket, JSON: :mod:`.told` down, :mod:`.orders` up
``/media?call=``            WebSocket, binary: :mod:`.media_socket`
==========================  ===================================================
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kiosk.agentdesk.call_values import Agent
from kiosk.agentdesk.desk import Desk
from kiosk.agentdesk.doors import COOKIE, Doors, NotLoggedIn, is_from_elsewhere
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.orders import BadOrder, Orders
from kiosk.agentdesk.page_files import PageFile
from kiosk.agentdesk.stations import Station
from kiosk.agentdesk.told import state_of
from kiosk.room.wire_json import BadJson, parse_json


log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 4096
SILENT_S: Final = 20.0
"""A page says every five seconds that it lives."""
ANOTHER_PAGE, BAD_ORDER, SILENT, TAKEN_OUT = 4002, 4003, 4004, 4005
CALL_OVER: Final = 1000
CLOSE_S: Final = 1.0
_QUIET: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; media-src 'self' blob:; worker-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Carrying(Protocol):
    """Carries a call's pictures and sounds over one WebSocket."""

    def carry(self, socket: WebSocket, call: MediaCall) -> Awaitable[None]:
        """Carry until the call or the socket is over, or it is cancelled."""
        ...


class Site:
    """
    The desk on the web.

    Args:
        desk: What agents share.
        doors: Who they are.
        media: Carries pictures and sounds.
        files: The page's, by their paths.
        is_secure: Whether we are reached by https: then cookies are for it alone.

    """

    def __init__(
        self,
        desk: Desk,
        doors: Doors,
        media: Carrying,
        files: Mapping[str, PageFile],
        *,
        is_secure: bool,
    ) -> None:
        self._desk = desk
        self._doors = doors
        self._media = media
        self._files = files
        self._is_secure = is_secure

    def app(self) -> Starlette:
        """Return the application."""
        files: list[BaseRoute] = [Route(path, self._file) for path in self._files]
        return Starlette(
            routes=[
                *files,
                Route("/me", self._me),
                Route("/login", self._log_in, methods=["POST"]),
                Route("/logout", self._log_out, methods=["POST"]),
                WebSocketRoute("/control", self._control),
                WebSocketRoute("/media", self._carry),
            ]
        )

    async def _file(self, asked: Request) -> Response:
        file = self._files[asked.url.path]
        return Response(file.content, 200, _QUIET, file.media_type)

    async def _me(self, asked: Request) -> Response:
        agent = self._doors.agent_of(asked)
        name = agent.name if agent else None
        return JSONResponse({"name": name}, 200, _QUIET)

    async def _log_in(self, asked: Request) -> Response:
        fields = await _fields_of(asked)
        if fields is None or is_from_elsewhere(asked):
            return JSONResponse({"why": "bad_request"}, 400, _QUIET)
        agent_id, password = fields.get("agent", ""), fields.get("password", "")
        try:
            token = await self._doors.log_in(asked, agent_id, password)
        except NotLoggedIn as refused:
            if not refused.wait_s:
                return JSONResponse({"why": "wrong_password"}, 401, _QUIET)
            wait = {"Retry-After": str(math.ceil(refused.wait_s))}
            return JSONResponse({"why": "too_many"}, 429, {**_QUIET, **wait})
        log.info("agent logged in", extra={"agent": agent_id})
        answer = Response(None, 204, _QUIET)
        answer.set_cookie(
            COOKIE,
            token,
            path="/",
            secure=self._is_secure or self._doors.came_by_https(asked),
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _log_out(self, asked: Request) -> Response:
        agent = self._doors.agent_of(asked)
        if is_from_elsewhere(asked):
            return JSONResponse({"why": "bad_request"}, 400, _QUIET)
        if agent is not None:
            self._doors.log_out(asked)
            self._desk.dismiss(agent.agent_id)
        answer = Response(None, 204, _QUIET)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    async def _control(self, socket: WebSocket) -> None:
        agent = None if is_from_elsewhere(socket) else self._doors.agent_of(socket)
        if agent is None:
            await socket.close()  # before it is accepted: HTTP 403
            return
        await socket.accept()
        station = self._desk.sit_down(agent)
        page = station.page
        try:
            with suppress(WebSocketDisconnect):
                await _first_of(
                    self._tell(socket, station, page),
                    self._listen(socket, station, agent),
                )
        finally:
            self._desk.get_up(station, page)

    async def _tell(self, socket: WebSocket, station: Station, page: int) -> None:
        while (notes := await station.news(page)) is not None:
            for note in (*notes, state_of(self._desk, station)):
                await socket.send_text(json.dumps(note, ensure_ascii=False))
        await _close(socket, ANOTHER_PAGE)

    async def _listen(self, socket: WebSocket, station: Station, agent: Agent) -> None:
        orders = Orders(self._desk, station)
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    text = await socket.receive_text()
            except TimeoutError:
                await _close(socket, SILENT)
                return
            except KeyError:  # bytes, as starlette has it
                await _close(socket, BAD_ORDER)
                return
            if not self._doors.may_stay(socket, agent):
                self._desk.dismiss(agent.agent_id)
                await _close(socket, TAKEN_OUT)
                return
            try:
                await orders.carry_out(text)
            except BadOrder as bad:
                log.info("order of a page not understood", extra={"reason": str(bad)})
                await _close(socket, BAD_ORDER)
                return

    async def _carry(self, socket: WebSocket) -> None:
        agent = None if is_from_elsewhere(socket) else self._doors.agent_of(socket)
        call_id = socket.query_params.get("call", "")
        share = self._desk.share_of(agent.agent_id, call_id) if agent else None
        if share is None:
            await socket.close()
            return
        await socket.accept()
        over = share.begin()
        with suppress(WebSocketDisconnect):
            await _first_of(self._media.carry(socket, share), _wait(over))
        await _close(socket, CALL_OVER)


async def _fields_of(asked: Request) -> dict[str, str] | None:
    """Return an object of texts; None: the body is something else, or too long."""
    body = bytearray()
    async for piece in asked.stream():
        body.extend(piece)
        if len(body) > MAX_BODY_BYTES:
            return None
    try:
        fields = parse_json(bytes(body), MAX_BODY_BYTES)
    except BadJson:
        return None
    return {name: text for name, text in fields.items() if isinstance(text, str)}


async def _first_of(*works: Awaitable[None]) -> None:
    """Do all until one is done, and raise what it raised; the others are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_held(work)) for work in works]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
    for task in done:
        error = task.result()
        if error is not None:
            raise error


async def _held(work: Awaitable[None]) -> Exception | None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 -- raised by who waits for it
        return error
    return None


async def _wait(over: asyncio.Event) -> None:
    await over.wait()


async def _close(socket: WebSocket, code: int) -> None:
    """Close a WebSocket that may be closed already, without waiting for long."""
    if socket.application_state is not WebSocketState.CONNECTED:
        return
    # uvicorn waits until earlier messages left; 0.32 for ever, if the page is gone
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code)
