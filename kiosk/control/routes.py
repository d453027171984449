"""
Requests on the control socket, checked and handed to the daemon.

Every answer is JSON; every body has a limit and a deadline.  No state is kept
here, and nothing is decided that the buttons could not decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kiosk.control.events import EventStream
from kiosk.control.metrics import EXPOSITION_TYPE, exposition
from kiosk.control.ports import ControlledDaemon
from kiosk.errors import KioskError
from kiosk.room.wire_json import BadJson, parse_json


MAX_BODY = 4096
MAX_TEXT = 1024
LONGEST_HOLD_MS = 60_000
LONGEST_STAND_DOWN_S = 300
BUTTONS = ("call", "hangup", "mute", "volume_up", "volume_down", "door")


def make_app(
    daemon: ControlledDaemon, closing: asyncio.Event, body_s: float
) -> Starlette:
    """
    Return the control API of ``daemon``.

    Args:
        daemon: Whom requests go to.
        closing: Once set, open event streams end.
        body_s: Seconds a client may take to send a body.

    """
    routes = _Routes(daemon, closing, body_s)
    return Starlette(
        routes=[
            Route("/press", routes.press, methods=["POST"]),
            Route("/status", routes.status, methods=["GET"]),
            Route("/calls", routes.calls, methods=["GET"]),
            Route("/inspection", routes.inspection, methods=["GET"]),
            Route("/metrics", routes.metrics, methods=["GET"]),
            Route("/events", routes.events, methods=["GET"]),
            Route("/text", routes.text, methods=["POST"]),
            Route("/still", routes.still, methods=["POST"]),
            Route("/stand-down", routes.stand_down, methods=["POST"]),
            Route("/screenshot", routes.screenshot, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: cast("_Answerer", _refused),
            KioskError: cast("_Answerer", _failed),
        },
    )


_Answerer = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


class _Routes:
    """The routes."""

    def __init__(
        self, daemon: ControlledDaemon, closing: asyncio.Event, body_s: float
    ) -> None:
        self._daemon = daemon
        self._body_s = body_s
        self._closing = closing

    async def press(self, request: Request) -> Response:
        body = await self._json_object(request)
        held_ms = body.pop("held_ms", 0)
        button = _text_of(body, "button")
        if button not in BUTTONS:
            raise HTTPException(400, f"button must be one of {', '.join(BUTTONS)}")
        if type(held_ms) is not int or not 0 <= held_ms <= LONGEST_HOLD_MS:
            raise HTTPException(400, f"held_ms must be from 0 to {LONGEST_HOLD_MS}")
        self._daemon.press(button, held_ms / 1_000)
        return _ok()

    async def status(self, request: Request) -> Response:
        return JSONResponse(dict(self._daemon.status()))

    async def calls(self, request: Request) -> Response:
        return JSONResponse({"calls": [dict(call) for call in self._daemon.calls()]})

    async def inspection(self, request: Request) -> Response:
        rows = await self._daemon.inspect()
        told = [{"what": what.value, **asdict(probe)} for what, probe in rows]
        return JSONResponse({"inspection": told})

    async def metrics(self, request: Request) -> Response:
        text = exposition(self._daemon.status())
        return PlainTextResponse(text, media_type=EXPOSITION_TYPE)

    async def events(self, request: Request) -> Response:
        return EventStream(self._daemon.subscribe(), self._closing)

    async def text(self, request: Request) -> Response:
        body = await self._json_object(request)
        if set(body) == {"reply"}:
            return await self._reply(body["reply"])
        text = _text_of(body, "text")
        if not text.strip() or len(text) > MAX_TEXT:
            raise HTTPException(400, f"text must have 1 to {MAX_TEXT} characters")
        await self._daemon.send_text(text)
        return _ok()

    async def _reply(self, number: object) -> Response:
        if not isinstance(number, int) or isinstance(number, bool):
            raise HTTPException(400, "reply must be a whole number")
        await self._daemon.send_reply(number)
        return _ok()

    async def still(self, request: Request) -> Response:
        if await self._json_object(request):
            raise HTTPException(400, "the body must be {}")
        return Response(await self._daemon.ask_still(), media_type="image/jpeg")

    async def stand_down(self, request: Request) -> Response:
        body = await self._json_object(request)
        seconds = body.get("seconds")
        if set(body) != {"seconds"} or type(seconds) is not int:
            raise HTTPException(400, 'the body must be {"seconds": 60}')
        if not 1 <= seconds <= LONGEST_STAND_DOWN_S:
            raise HTTPException(
                400, f"seconds must be from 1 to {LONGEST_STAND_DOWN_S}"
            )
        await self._daemon.stand_down(seconds)
        return _ok()

    async def screenshot(self, request: Request) -> Response:
        path = await self._text_field(request, "path")
        if not path.isprintable() or not PurePosixPath(path).is_absolute():
            raise HTTPException(400, "path must be absolute")
        if not path.endswith(".png"):
            raise HTTPException(400, "path must end in .png")
        await self._daemon.save_screenshot(path)
        return _ok()

    async def _text_field(self, request: Request, name: str) -> str:
        return _text_of(await self._json_object(request), name)

    async def _json_object(self, request: Request) -> dict[str, object]:
        body = b""
        try:
            async with asyncio.timeout(self._body_s):
                async for part in request.stream():
                    body += part
                    if len(body) > MAX_BODY:
                        raise HTTPException(413, f"the body exceeds {MAX_BODY} bytes")
        except TimeoutError as error:
            raise HTTPException(408, "the body did not arrive in time") from error
        try:
            return parse_json(body, MAX_BODY)
        except BadJson as error:
            raise HTTPException(400, f"the body is refused: {error}") from None


def _text_of(body: dict[str, object], name: str) -> str:
    if set(body) != {name}:
        raise HTTPException(400, f'the body must be {{"{name}": "..."}}')
    value = body[name]
    if not isinstance(value, str):
        raise HTTPException(400, f"{name} must be text")
    return value


def _ok() -> Response:
    return JSONResponse({"ok": True})


async def _refused(_request: Request, error: HTTPException) -> Response:
    return JSONResponse(
        {"error": error.detail, "code": "K001"},
        status_code=error.status_code,
        headers=error.headers,
    )


async def _failed(_request: Request, error: KioskError) -> Response:
    return JSONResponse({"error": str(error), "code": error.code}, status_code=409)
