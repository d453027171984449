"""Names the server's memory in every answer: ``Kiosk-Boot``."""

from __future__ import annotations

from kiosk.roomserver.http_message import Answering, HttpAnswer, HttpRequest
from kiosk.roomserver.store_ledger import Ledger


class BootHeader:
    """The application, saying with each answer which memory it comes from."""

    def __init__(self, app: Answering, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        answer = await self._app(request)
        return answer.with_header("Kiosk-Boot", self._ledger.boot)
