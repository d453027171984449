"""One request, and the server that answers it in a way of the test's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from typing_extensions import override

from kiosk.errors import RoomError, RoomProtocolError
from kiosk.room.messages import Credentials, GetPushers, Request
from kiosk.roomclient import HttpExchange


GOOD = {"code": 0, "message": "ok", "pushers": []}


ASK = GetPushers("r1")


CREDENTIALS = Credentials("kiosk7", "780e*53727e39*MTIzNDU=")


class Body(httpx.AsyncByteStream):
    """Sends chunks, each after a pause, and counts what was taken."""

    def __init__(self, *chunks: bytes, pause_s: float = 0.0, repeat: int = 1) -> None:
        self._chunks = chunks * repeat
        self._pause_s = pause_s
        self.sent = 0

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await asyncio.sleep(self._pause_s)
            self.sent += len(chunk)
            yield chunk


def answering(
    body: bytes | Body = b"", status: int = 200, **headers: str
) -> HttpExchange:
    stream = body if isinstance(body, Body) else Body(body)
    head = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=head, stream=stream)

    return HttpExchange("http://room.test", httpx.MockTransport(answer))


async def ask(exchange: HttpExchange, deadline_s: float = 5.0) -> object:
    try:
        return await exchange.ask(ASK, CREDENTIALS, deadline_s)
    finally:
        await exchange.aclose()


async def error_of(exchange: HttpExchange, deadline_s: float = 5.0) -> RoomError:
    with pytest.raises(RoomError) as caught:
        await ask(exchange, deadline_s)
    assert "780e" not in str(caught.value)
    return caught.value


async def sent_by(
    exchange_url: str,
    request: Request[object] = ASK,
    credentials: Credentials = CREDENTIALS,
) -> httpx.Request:
    sent: list[httpx.Request] = []

    def answer(outgoing: httpx.Request) -> httpx.Response:
        sent.append(outgoing)
        return httpx.Response(200, stream=Body(json.dumps(GOOD).encode()))

    exchange = HttpExchange(exchange_url, httpx.MockTransport(answer))
    with suppress(RoomProtocolError):  # only what was sent matters
        await exchange.ask(request, None if request.IN_QUERY else credentials, 5.0)
    await exchange.aclose()
    return sent[0]
