"""
A TCP proxy that stalls, swallows, drips, delays, hangs up or loses; its loop is its own.

What it passes can be followed, and changed, by a :class:`Passing` a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from enum import Enum, auto
from typing import Protocol

from tests.fakes.own_thread import on_its_own_thread
from tests.fakes.patience import PATIENCE_S


SMALL_BUFFER = 8192
NOWHERE = 9


class Way(Enum):
    """Of bytes through the proxy: to who listens, and back to who connected."""

    THERE = auto()
    BACK = auto()


class Passing(Protocol):
    """What becomes of the bytes of one connection."""

    def pass_on(self, way: Way, received: bytes) -> bytes:
        """Return what is passed on now of what came; on the proxy's loop."""
        ...


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
        self._near: list[asyncio.StreamWriter] = []
        self._leaves_ghosts = False
        self._drips_s: dict[Way, float] = {}
        self._make_passing: Callable[[], Passing] | None = None
        self.listens = False
        self.heard = bytearray()
        self._to_lose = dict.fromkeys(Way, 0)
        self._delay_s = 0.0
        self.port = 0
        self.connections = 0
        self._is_over = False

    @property
    def address(self) -> str:
        """Where to connect to."""
        return f"127.0.0.1:{self.port}"

    def lead_to(self, port: int) -> None:
        """Take future connections to another port of this machine."""
        self._leads_to = port

    def follow(self, make: Callable[[], Passing] | None) -> None:
        """Let future connections be followed, each by one of its own."""
        self._make_passing = make

    def drip(self, pause_s: float, *ways: Way) -> None:
        """Pass byte by byte, with a pause after each, until it flows again."""
        slow = dict.fromkeys(ways or Way, pause_s)
        self._loop.call_soon_threadsafe(self._drips_s.update, slow)

    def leave_ghosts(self) -> None:
        """Break what connected here; where it led, nobody learns of that until it flows."""
        self._loop.call_soon_threadsafe(self._haunt)

    def stall(self, *ways: Way) -> None:
        """
        Take nothing more, either way if none is named, but stay connected.

        That is so when this returns, not soon after.
        """
        stalled = threading.Event()
        for way in ways or Way:
            self._loop.call_soon_threadsafe(self._flows[way].clear)
        self._loop.call_soon_threadsafe(stalled.set)
        assert stalled.wait(PATIENCE_S), "the proxy's own loop stands still"

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
        self._loop.call_soon_threadsafe(self._to_lose.__setitem__, Way.BACK, count)

    def lose_requests(self, count: int) -> None:
        """Break the connection at so many requests, before they are passed on."""
        self._loop.call_soon_threadsafe(self._to_lose.__setitem__, Way.THERE, count)

    def delay(self, seconds: float) -> None:
        """Pass everything on so much later, each way, until told otherwise."""
        self._loop.call_soon_threadsafe(setattr, self, "_delay_s", seconds)

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
            self._is_over = True
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
        except asyncio.CancelledError:  # the loop ends: nobody would close it
            writer.transport.abort()
            raise
        if self._is_over:
            writer.transport.abort()
            back.transport.abort()
            return
        self._writers += [writer, back]
        self._near.append(writer)
        passing = self._make_passing() if self._make_passing else None
        ends = (reader, back, writer), (there, writer, back)
        for way, end in zip(Way, ends, strict=True):
            pumps.create_task(self._pump(*end, way, passing))

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        way: Way,
        passing: Passing | None,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self._flows[way].wait()
                received = await reader.read(4096)
                if not received or self._loses(way):
                    break
                if way in self._swallows:
                    continue
                if self.listens:
                    self.heard += received
                if passing is not None:
                    received = passing.pass_on(way, received)
                await self._flows[way].wait()
                await self._write(writer, received, way)
        if not self._leaves_ghosts:
            for end in (writer, other):
                end.transport.abort()

    async def _write(
        self, writer: asyncio.StreamWriter, received: bytes, way: Way
    ) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        rest = memoryview(received)
        while rest:
            pause_s = self._drips_s.get(way)
            part = rest if pause_s is None else rest[:1]
            writer.write(part)
            await writer.drain()
            rest = rest[len(part) :]
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    def _loses(self, way: Way) -> bool:
        self._to_lose[way] -= 1
        return self._to_lose[way] >= 0

    def _haunt(self) -> None:
        self._leaves_ghosts = True
        for writer in self._near:
            writer.transport.abort()
        self._near.clear()

    def _flow(self) -> None:
        if self._swallows or self._leaves_ghosts:
            self._break_all()
        self._leaves_ghosts = False
        self._drips_s.clear()
        self._swallows = frozenset()
        for flows in self._flows.values():
            flows.set()

    def _break_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._near.clear()


@asynccontextmanager
async def _passing_all_on(lead_to: Sequence[int]) -> AsyncIterator[list[Proxy]]:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        made = [Proxy(loop, port) for port in lead_to]
        for one in made:
            await stack.enter_async_context(one.serve())
        yield made


@contextmanager
def proxy(leads_to: int = NOWHERE) -> Iterator[Proxy]:
    """Run a proxy to a port of this machine."""
    with proxies([leads_to]) as (made,):
        yield made


@contextmanager
def proxies(lead_to: Sequence[int]) -> Iterator[list[Proxy]]:
    """Run a proxy to each of some ports, all on one thread."""
    with on_its_own_thread("proxy", lambda: _passing_all_on(lead_to)) as (_, made):
        yield made
