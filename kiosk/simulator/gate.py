"""
Who may see the page: this machine's own browser, by an address only its user knows.

A page from anywhere may send a browser to 127.0.0.1, under a name of its own that leads
there (DNS rebinding) or from its own origin.  So the Host must be ours, an Origin must
be ours where there is one and there on a WebSocket, and the path begins with a token
that no page can guess.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


_TOKEN_BYTES: Final = 16
_GOING_AWAY: Final = 1008


class Gate:
    """
    Refuses strangers before anything else looks at a request.

    Args:
        app: Answers the others, and lives; sees paths without the token.
        port: The port it is served at.

    Attributes:
        address: What to type into a browser; a secret.

    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.address = f"http://127.0.0.1:{port}/{self._token}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI calls it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        token, _, rest = str(scope["path"]).removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self._token.encode())
        if not self._is_ours(scope):
            await _refuse(scope, receive, send, 403, "not from here\n")
        elif not known:
            await _refuse(scope, receive, send, 404, "nothing here\n")
        else:
            await self._app({**scope, "path": f"/{rest}"}, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return False
        if origin is None:
            return bool(scope["type"] == "http")
        return origin == f"http://{host}"


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, words: str
) -> None:
    if scope["type"] == "websocket":  # uvicorn then answers 403
        await send({"type": "websocket.close", "code": _GOING_AWAY})
        return
    await PlainTextResponse(words, status)(scope, receive, send)
