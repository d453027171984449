"""
What is served: the page's files, its socket, and the screen as MJPEG.

Files are read once, at the start.  The page may load and run nothing that is not among
them (Content-Security-Policy).
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kiosk.simulator.feed import Feed, TooManyPages
from kiosk.simulator.planes import Planes
from kiosk.simulator.viewer import Viewer
from kiosk.simulator.watched_display import WatchedDisplay
from kiosk.simulator.wire import BadInput, Input, RateWanted, Seen, read_input


FOLDER: Final = Path(__file__).parent / "page"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_MJPEG_S = 0.2
_MJPEG_QUALITY = 80
_BOUNDARY = "picture"
_POLICY_VIOLATED, _TRY_LATER = 1008, 1013

log = logging.getLogger(__name__)


def make_site(
    feed: Feed,
    display: WatchedDisplay,
    take: Callable[[Input], None],
    folder: Path = FOLDER,
) -> Starlette:
    """
    Return the application behind the gate.

    Args:
        feed: What pages are told.
        display: What is to be seen.
        take: Gets what pages say, but for what the feed wants to know.
        folder: The page's files.

    """
    planes = Planes(display)
    site = _Site(feed, display, planes, take)

    @asynccontextmanager
    async def counting(_app: Starlette) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            count = group.create_task(feed.count(planes))
            yield
            count.cancel()

    return Starlette(
        routes=[
            *(_file_route(file) for file in sorted(folder.iterdir())),
            Route("/screen.mjpg", site.mjpeg, methods=["GET"]),
            WebSocketRoute("/socket", site.socket),
        ],
        exception_handlers={HTTPException: cast("_Answerer", _refused)},
        lifespan=counting,
    )


_Answerer = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


class _Site:
    def __init__(
        self,
        feed: Feed,
        display: WatchedDisplay,
        planes: Planes,
        take: Callable[[Input], None],
    ) -> None:
        self._feed = feed
        self._display = display
        self._planes = planes
        self._take = take

    async def mjpeg(self, request: Request) -> Response:
        media_type = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(self._pictures(), 200, _HEADERS, media_type)

    async def _pictures(self) -> AsyncGenerator[bytes]:
        while True:
            jpeg = await asyncio.to_thread(self._composed)
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
            yield f"{head}Content-Length: {len(jpeg)}\r\n\r\n".encode() + jpeg + b"\r\n"
            await asyncio.sleep(_MJPEG_S)

    def _composed(self) -> bytes:
        file = io.BytesIO()
        self._display.composed().save(file, "JPEG", quality=_MJPEG_QUALITY)
        return file.getvalue()

    async def socket(self, socket: WebSocket) -> None:
        try:
            viewer = self._feed.new_viewer(self._planes)
        except TooManyPages:
            await socket.close(_TRY_LATER)
            return
        try:
            await socket.accept()
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(_send(viewer, socket))
                await self._listen(viewer, socket)
                sending.cancel()
        finally:
            self._feed.drop_viewer(viewer)

    async def _listen(self, viewer: Viewer, socket: WebSocket) -> None:
        try:
            while True:
                match read_input(await socket.receive_text()):
                    case Seen(sequence):
                        viewer.see(sequence)
                    case RateWanted(rate):
                        viewer.want_rate(rate)
                    case said:
                        self._take(said)
        except WebSocketDisconnect:
            return
        except (BadInput, KeyError) as error:  # KeyError: it was binary
            log.warning("a simulator page was refused: %s", error)
            await socket.close(_POLICY_VIOLATED)


async def _refused(_request: Request, error: HTTPException) -> Response:
    # starlette's own is no coroutine, and would have a thread
    return PlainTextResponse(f"{error.detail}\n", error.status_code, _HEADERS)


async def _send(viewer: Viewer, socket: WebSocket) -> None:
    try:
        await viewer.run(socket.send_bytes)
    except (WebSocketDisconnect, RuntimeError):
        return  # it is gone; whoever listens to it finds out as well


def _file_route(file: Path) -> Route:
    body, media_type = file.read_bytes(), TYPES[file.suffix]

    async def answer(request: Request) -> Response:
        return Response(body, 200, _HEADERS, media_type)

    path = "/" if file.name == "index.html" else f"/{file.name}"
    return Route(path, answer, methods=["GET"])
