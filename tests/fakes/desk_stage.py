"""
The media of a desk's page in a real browser, without the desk around them.

A page that does nothing but start ``media.js`` on a click, served like the desk
serves its own: same scripts, same Content-Security-Policy, one WebSocket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from typing_extensions import override

import kiosk.agentdesk
from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.media_socket import MediaLimits, MediaSockets
from kiosk.agentdesk.relay_link import RelayDoor


SCRIPTS = Path(kiosk.agentdesk.__file__).parent / "page"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; media-src 'self' blob:; worker-src 'self'"
)
_PAGE = """<!doctype html>
<html lang="en"><title>media</title><link rel="icon" href="data:,">
<canvas id="peer"></canvas><script type="module" src="desk_stage.js"></script></html>
"""


class Stage:
    """
    A server of one page, and what its sockets came to.

    Attributes:
        port, address: Of the page.
        counts: Of all its sockets.

    """

    def __init__(self, port: int, counts: DeskCounts) -> None:
        self.port = port
        self.address = f"http://localhost:{port}/"
        self.counts = counts


@asynccontextmanager
async def desk_stage(
    call: MediaCall, limits: MediaLimits | None = None
) -> AsyncIterator[Stage]:
    """Serve the page and its media until the context is left."""
    counts = DeskCounts()
    async with CodecThreads(2) as threads:
        sockets = MediaSockets(RelayDoor(), threads, counts, limits)

        async def media(websocket: WebSocket) -> None:
            await websocket.accept()
            await sockets.carry(websocket, call)

        app = Starlette(
            routes=[
                Route("/", _page),
                Route("/{name}.js", _script),
                WebSocketRoute("/media", media),
            ]
        )
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with _served(app, listener):
                yield Stage(listener.getsockname()[1], counts)


async def _page(request: Request) -> Response:
    return Response(
        _PAGE, media_type="text/html", headers={"Content-Security-Policy": _POLICY}
    )


async def _script(request: Request) -> Response:
    name = str(request.path_params["name"])
    folder = Path(__file__).parent if name == "desk_stage" else SCRIPTS
    return FileResponse(folder / f"{name}.js", media_type="text/javascript")


class _Uvicorn(uvicorn.Server):
    """uvicorn, leaving the signals to the test."""

    @override
    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


@asynccontextmanager
async def _served(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    server = _Uvicorn(
        uvicorn.Config(
            app,
            ws="wsproto",
            ws_per_message_deflate=False,
            ws_max_size=1 << 20,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve([listener]))
        async with asyncio.timeout(5):
            while not server.started:  # noqa: ASYNC110 -- uvicorn rings no bell
                await asyncio.sleep(0.01)
        try:
            yield
        finally:
            server.should_exit = True
            await serving
