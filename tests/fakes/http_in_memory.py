"""An HTTP client of our server without a port: whole requests in, answers out."""

from __future__ import annotations

import httpx
from typing_extensions import override

from kiosk.roomserver.http_message import Answering, HttpAnswer, HttpRequest


class HttpInMemory(httpx.AsyncBaseTransport):
    """Asks an application directly; ``client`` is where from."""

    def __init__(
        self, app: Answering, client: tuple[str, int] = ("127.0.0.1", 123)
    ) -> None:
        self._app = app
        self._address = client[0]

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
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
