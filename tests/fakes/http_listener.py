"""An HTTP listener that counts its connections, and a client of it as the product's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import httpx
from typing_extensions import override

from kiosk.roomclient.connections import RoomTransport
from kiosk.roomclient.names import Resolve
from tests.fakes.patience import PATIENCE_S


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LONG_S = 30.0


class Listener:
    """Answers every request in the same way and counts connections."""

    def __init__(
        self, answer: bytes, *, hangs_up: bool = False, afterwards: bytes = b""
    ) -> None:
        self._answer = answer
        self._afterwards = afterwards
        self._hangs_up = hangs_up
        self.accepted = 0
        self.open = 0
        self.requests = 0
        self.answered = 0
        self.reads = asyncio.Event()
        self.reads.set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        self.open += 1
        try:
            await self.reads.wait()
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                writer.write(self._answer)
                await writer.drain()
                self.answered += 1
                if self._afterwards:
                    await asyncio.sleep(0.01)
                    writer.write(self._afterwards)
                if self._hangs_up:
                    writer.write_eof()
                    await reader.read()
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


class Resetting(Listener):
    """Breaks every connection."""

    @override
    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        writer.transport.abort()


class Ending(Listener):
    """
    Answers one request on each connection; the next one ends it.

    So does a server whose farewell is still under way as that request is written.
    """

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer)
        self.unanswered = 0

    @override
    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        self.open += 1
        try:
            await self.reads.wait()
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer)
            if await reader.read(1):
                self.unanswered += 1
        finally:
            self.open -= 1
            writer.transport.abort()


class Babbling(Listener):
    """Says something that is no HTTP before it is asked, and hangs up."""

    @override
    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        writer.write(b"SSH-2.0-Banner\r\n")
        writer.close()


class BreakingOff(Listener):
    """Answers the first request on a connection, and of the next one the beginning."""

    @override
    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        for answer in (self._answer, self._answer[:9]):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()


@asynccontextmanager
async def asking(
    listener: Listener, keep_alive_s: float = LONG_S, resolve: Resolve | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, limit=8192)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transport = RoomTransport(tls, keep_alive_s, resolve)
    async with httpx.AsyncClient(
        transport=transport, base_url=url, timeout=None, trust_env=False
    ) as http:
        yield http
    server.close()
    await until(lambda: not listener.open)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_true():  # noqa: ASYNC110 -- of another task's making
            await asyncio.sleep(0.01)
