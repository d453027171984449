"""
No answer leaves before what it tells is written.

An ASGI layer around all routes: it holds back the first byte of each answer
until the ledger has settled, and names the server's memory in ``Kiosk-Boot``.
Without a store on disk it adds only that header.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.roomserver.store_ledger import Ledger


class WrittenFirst:
    """The application, answering only what would survive a crash."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger
        self._header = (b"kiosk-boot", ledger.boot.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_later(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._ledger.settled()
                message = {**message, "headers": [*message["headers"], self._header]}
            await send(message)

        await self._app(scope, receive, send_later)
