"""httpx without a network: whole requests to an application in this process."""

from __future__ import annotations

import httpx
from typing_extensions import override

from kiosk.roomserver.http_message import Answering, HttpAnswer, HttpRequest


class InsideTransport(httpx.AsyncBaseTransport):
    """
    Asks an application directly.

    Args:
        app: Answers.
        address: Whom it is told to be asked by.

    """

    def __init__(self, app: Answering, address: str) -> None:
        self._app = app
        self._address = address

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and return the answer whole."""
        fields = b"".join(b"\r\n%s: %s" % pair for pair in request.headers.raw)
        answer = self._app(
            HttpRequest(
                request.method,
                request.url.path,
                request.url.query.decode("ascii"),
                await request.aread(),
                request.headers.get("content-type", ""),
                request.headers.get("authorization", ""),
                self._address,
                fields,
                request.headers.get("kiosk-request-id", ""),
            )
        )
        if not isinstance(answer, HttpAnswer):
            answer = await answer
        length = str(len(answer.body))
        headers = [("content-type", answer.media_type), ("content-length", length)]
        return httpx.Response(
            answer.status,
            headers=[*headers, *answer.headers],
            stream=httpx.ByteStream(answer.body),
        )
