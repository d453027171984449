"""A way through which only so many bytes a second pass, to where somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


_PIECE = 1400


class Narrow:
    """
    A way; its width may be changed while it is used.

    Attributes:
        bps: What passes to who listens; the way back is wide.
        port: Where it begins.

    """

    def __init__(self, leads_to: int) -> None:
        self.bps = 100_000_000
        self.port = 0
        self._leads_to = leads_to

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._leads_to)
        try:
            with contextlib.suppress(ConnectionError):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_pass_on(there, writer))
                    await self._pass_slowly(reader, back)
        finally:  # also where the loop ends before the way does
            for end in (writer, back):
                end.close()

    async def _pass_slowly(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        free_at = clock()
        while piece := await reader.read(_PIECE):
            free_at = max(free_at, clock()) + len(piece) * 8 / self.bps
            await asyncio.sleep(max(0.0, free_at - clock()))
            writer.write(piece)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def narrow(leads_to: int) -> AsyncIterator[Narrow]:
    """Open a way to a port of this machine."""
    way = Narrow(leads_to)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    way.port = listener.getsockname()[1]
    server = await asyncio.start_server(way.carry, sock=listener, limit=4096)
    async with server:
        yield way


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()
