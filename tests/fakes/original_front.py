"""A room server over real HTTP that knows no more than the originals did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from kiosk.roomserver.asgi_side import AsgiSide
from kiosk.roomserver.http_server import listen, serving
from tests.fakes.own_thread import on_its_own_thread


_ADDED = (
    *("/wait_events", "/send_room_text_msg", "/queue_seat", "/leave_queue"),
    *("/put_still", "/get_still"),
)
_JSON = {"Content-Type": "application/json"}
_UNKNOWN = {"code": 0, "data": {}}
_ADDED_FIELDS = ("imProvider", "bearer", "epoch", "seq", "heartbeatS")


class OriginalFront(httpx.AsyncBaseTransport):
    """
    Hides our additions from a client, and notes the paths it asked.

    What is asked of an IM gateway passes untouched.
    """

    def __init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport()
        self.asked: list[str] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path.rsplit("/", 1)[-1])
        if path.endswith(_ADDED):
            return httpx.Response(200, stream=_stream(_UNKNOWN))
        response = await self._network.handle_async_request(request)
        if not path.startswith("/weapp"):
            return response
        answer = json.loads(await response.aread())
        await response.aclose()
        for field in _ADDED_FIELDS:
            answer.pop(field, None)
        return httpx.Response(response.status_code, stream=_stream(answer))

    @override
    async def aclose(self) -> None:
        await self._network.aclose()


def _stream(answer: object) -> httpx.ByteStream:
    return httpx.ByteStream(json.dumps(answer).encode())


@contextmanager
def original_server(server_url: str) -> Iterator[str]:
    """Yield the address of a server without our additions, before a real one."""

    async def forward(request: Request) -> Response:
        content = await request.body()
        path = f"{request.url.path}?{request.url.query}"
        async with httpx.AsyncClient(transport=OriginalFront()) as client:
            answer = await client.request(
                request.method, server_url + path, content=content, headers=_JSON
            )
        return Response(answer.content, media_type="application/json")

    app = Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])])
    with (
        listen("front", "127.0.0.1", 0) as listener,
        on_its_own_thread("front", lambda: serving(AsgiSide(app), listener)),
    ):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
