"""An HTTP proxy that really tunnels, or says what a test has it say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

from kiosk.proxy import Proxy


LEADS = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 branch\r\n\r\n"


class ConnectProxy:
    """
    Leads where it is asked to, and keeps every question.

    Args:
        names: Host names that only it knows, with their addresses.
        answer: Said in the place of leading anywhere; empty: nothing, ever.
        pieces: In how many parts it answers.

    Attributes:
        asked: The first line of every question.
        proofs: Who asked, as their questions say.
        port: Where it listens.

    """

    def __init__(
        self,
        names: Mapping[str, str] | None = None,
        answer: bytes | None = None,
        pieces: int = 1,
    ) -> None:
        self._names = names or {}
        self._answer = answer
        self._pieces = pieces
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []
        self.proofs: list[str] = []
        self.port = 0

    def way(self, user: str = "", password: str = "") -> Proxy:
        """Return it as clients are told of it."""
        return Proxy("127.0.0.1", self.port, user, password)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one client."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        self.asked.append(head[0])
        proof = [line for line in head if line.startswith("Proxy-Authorization")]
        self.proofs.append(proof[0] if proof else "")
        if self._answer is not None:
            writer.write(self._answer)
            if self._answer.endswith(b"\r\n\r\n") or not self._answer:
                await reader.read()
            return
        host, _, port = head[0].split()[1].rpartition(":")
        there = await asyncio.open_connection(
            self._names.get(host, host.strip("[]")), int(port)
        )
        for at in range(self._pieces):
            step = -(-len(LEADS) // self._pieces)
            writer.write(LEADS[at * step : (at + 1) * step])
            await asyncio.sleep(0.01 if self._pieces > 1 else 0)
        both = [_passed(reader, there[1]), _passed(there[0], writer)]
        try:
            await asyncio.gather(*both)
        finally:
            there[1].transport.abort()


@asynccontextmanager
async def connect_proxy(
    names: Mapping[str, str] | None = None,
    answer: bytes | None = None,
    pieces: int = 1,
) -> AsyncGenerator[ConnectProxy]:
    """Run a proxy on this loop."""
    proxy = ConnectProxy(names, answer, pieces)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
