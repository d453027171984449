"""A TCP proxy that can stall, swallow, hang up or lose answers, on a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum, auto

from tests.fakes.own_thread import on_its_own_thread


SMALL_BUFFER = 8192
NOWHERE = 9


class Way(Enum):
    """Of bytes through the proxy: to who listens, and back to who connected."""

    THERE = auto()
    BACK = auto()


class Proxy:
    """
    Passes bytes both ways until told otherwise; told by any thread.

    Attributes:
        heard: All that passed, both ways, while ``listens``.

    """

    def __init__(self, loop: asyncio.AbstractEventLoop, leads_to: int) -> None:
        self._loop = loop
        self._leads_to = leads_to
        self._flows = {way: asyncio.Event() for way in Way}
        for flows in self._flows.values():
            flows.set()
        self._swallows: frozenset[Way] = frozenset()
        self._writers: list[asyncio.StreamWriter] = []
        self.listens = False
        self.heard = bytearray()
        self._to_lose = 0
        self.port = 0
        self.connections = 0

    @property
    def address(self) -> str:
        """Where to connect to."""
        return f"127.0.0.1:{self.port}"

    def lead_to(self, port: int) -> None:
        """Take future connections to another port of this machine."""
        self._leads_to = port

    def stall(self, *ways: Way) -> None:
        """
        Take nothing more, either way if none is named, but stay connected.

        That is so when this returns, not soon after.
        """
        stalled = threading.Event()
        for way in ways or Way:
            self._loop.call_soon_threadsafe(self._flows[way].clear)
        self._loop.call_soon_threadsafe(stalled.set)
        assert stalled.wait(5.0), "the proxy's own loop stands still"

    def swallow(self, *ways: Way) -> None:
        """Take everything and pass nothing on, as if the other half were gone."""
        swallowed = frozenset(ways or Way)
        self._loop.call_soon_threadsafe(setattr, self, "_swallows", swallowed)

    def flow(self) -> None:
        """Go on, with what was swallowed missing: those connections are broken."""
        self._loop.call_soon_threadsafe(self._flow)

    def reset(self) -> None:
        """Break all connections at once."""
        self._loop.call_soon_threadsafe(self._break_all)

    def lose_answers(self, count: int) -> None:
        """Let so many requests through and break the connection at their answer."""
        self._loop.call_soon_threadsafe(setattr, self, "_to_lose", count)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Pass on until left."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.bind(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        async with asyncio.TaskGroup() as pumps:
            server = await asyncio.start_server(
                lambda reader, writer: self._accept(reader, writer, pumps),
                sock=sock,
                limit=SMALL_BUFFER,
            )
            yield
            server.close()
            self._flow()
            self._break_all()
        await server.wait_closed()

    async def _accept(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pumps: asyncio.TaskGroup,
    ) -> None:
        self.connections += 1
        try:
            there, back = await asyncio.open_connection(
                "127.0.0.1", self._leads_to, limit=SMALL_BUFFER
            )
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, back]
        pumps.create_task(self._pump(reader, back, writer, Way.THERE))
        pumps.create_task(self._pump(there, writer, back, Way.BACK))

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        way: Way,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self._flows[way].wait()
                received = await reader.read(4096)
                if not received or (way is Way.BACK and self._loses()):
                    break
                if way in self._swallows:
                    continue
                if self.listens:
                    self.heard += received
                await self._flows[way].wait()
                writer.write(received)
                await writer.drain()
        for end in (writer, other):
            end.transport.abort()

    def _loses(self) -> bool:
        self._to_lose -= 1
        return self._to_lose >= 0

    def _flow(self) -> None:
        if self._swallows:
            self._break_all()
        self._swallows = frozenset()
        for flows in self._flows.values():
            flows.set()

    def _break_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def _passing_on(leads_to: int) -> AsyncIterator[Proxy]:
    made = Proxy(asyncio.get_running_loop(), leads_to)
    async with made.serve():
        yield made


@contextmanager
def proxy(leads_to: int = NOWHERE) -> Iterator[Proxy]:
    """Run a proxy to a port of this machine."""
    with on_its_own_thread("proxy", lambda: _passing_on(leads_to)) as (_, made):
        yield made
