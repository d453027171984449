"""Names the server's memory in every answer: ``Kiosk-Boot``."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.roomserver.store_ledger import Ledger


class BootHeader:
    """The application, saying with each answer which memory it comes from."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"kiosk-boot", self._ledger.boot.encode())
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        await self._app(scope, receive, send_named)
