"""A TCP proxy on the event loop that can stop reading, or hang up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


SMALL_BUFFER = 8192


class HinderedLink:
    """Passes bytes both ways until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flows = asyncio.Event()
        self._flows.set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.connections = 0

    def lead_to(self, host: str, port: int) -> None:
        """Take future connections elsewhere."""
        self._target = (host, port)

    def stall(self) -> None:
        """Take nothing more from either side, but stay connected."""
        self._flows.clear()

    def flow(self) -> None:
        """Go on."""
        self._flows.set()

    def drop(self) -> None:
        """Hang up on everybody."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection(*self._target, limit=SMALL_BUFFER)
        self._writers += [writer, back]
        try:
            async with asyncio.TaskGroup() as pumps:
                for task in (
                    pumps.create_task(self._pump(reader, back)),
                    pumps.create_task(self._pump(there, writer)),
                ):
                    self._pumps.add(task)
                    task.add_done_callback(self._pumps.discard)
        finally:
            for end in (writer, back):
                end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self._flows.wait()
                received = await reader.read(4096)
                if not received:
                    break
                await self._flows.wait()
                writer.write(received)
                await writer.drain()
        writer.transport.abort()

    async def close(self) -> None:
        self.flow()
        self.drop()
        pumps = set(self._pumps)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


@asynccontextmanager
async def hindered(host: str, port: int) -> AsyncIterator[tuple[HinderedLink, int]]:
    """Yield a link to host and port, and the port to use instead."""
    link = HinderedLink(host, port)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(link.accept, sock=sock, limit=SMALL_BUFFER)
    try:
        yield link, sock.getsockname()[1]
    finally:
        server.close()
        await link.close()
        await server.wait_closed()
