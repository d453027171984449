"""
ASGI applications (starlette's, for pages and callbacks) at our HTTP port.

They are given whole requests and their answers are collected: none of them
streams, waits or upgrades.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from kiosk.roomserver.asking import Page
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest


class AsgiSide:
    """An ASGI application, asked as ours are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        status, headers, body = 0, list[tuple[bytes, bytes]](), bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", ()))
            else:
                body.extend(message.get("body", b""))

        await self._app(_scope(request), receive, send)
        told = {name.lower(): value.decode("latin-1") for name, value in headers}
        told.pop(b"content-length", None)
        media_type = told.pop(b"content-type", "")
        rest = tuple((name.decode("latin-1"), value) for name, value in told.items())
        return HttpAnswer(bytes(body), media_type, status, rest)


def response_of(page: Page) -> Response:
    """Return a page as starlette sends it."""
    return Response(page.body, page.status, dict(page.headers), page.media_type)


def _scope(request: HttpRequest) -> Scope:
    lines = request.fields.split(b"\r\n")[1:]
    pairs = [line.partition(b":") for line in lines]
    headers = [(name.lower(), value.strip(b"\t ")) for name, _, value in pairs]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query.encode("ascii"),
        "headers": headers,
        "client": (request.address, 0),
        "server": None,
    }
