"""Names the server's memory in every answer: ``Kiosk-Boot``."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial

from kiosk.roomserver.http_message import (
    Answered,
    Answering,
    HttpAnswer,
    HttpRequest,
)
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.store_ledger import Ledger


class BootHeader:
    """The application, saying with each answer which memory it comes from."""

    def __init__(self, app: Answering, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    def __call__(self, request: HttpRequest) -> Answered:
        """Answer one request."""
        answer = self._app(request)
        if isinstance(answer, HttpAnswer):
            return self._named(answer)
        return Pending(partial(self._wait_for, answer))

    async def _wait_for(self, answer: Awaitable[HttpAnswer]) -> HttpAnswer:
        return self._named(await answer)

    def _named(self, answer: HttpAnswer) -> HttpAnswer:
        return answer.with_header("Kiosk-Boot", self._ledger.boot)
