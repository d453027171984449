"""A proxy in front of a relay, on a thread of its own, for tests that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.hindered_link import HinderedLink, hindered


class Proxy:
    """Passes bytes on until told otherwise; any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, link: HinderedLink) -> None:
        self._loop = loop
        self._link = link
        self.port = 0

    @property
    def address(self) -> str:
        """Where to connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many were accepted so far."""
        return self._link.connections

    def lead_to(self, port: int) -> None:
        """Set where new connections lead, on this machine."""
        self._loop.call_soon_threadsafe(self._link.lead_to, "127.0.0.1", port)

    def stall(self) -> None:
        """Take nothing more from either side, but stay connected."""
        self._loop.call_soon_threadsafe(self._link.stall)

    def flow(self) -> None:
        """Go on."""
        self._loop.call_soon_threadsafe(self._link.flow)

    def reset(self) -> None:
        """Break all connections at once."""
        self._loop.call_soon_threadsafe(self._link.drop)


@contextmanager
def proxy() -> Iterator[Proxy]:
    """Run a proxy; it leads nowhere before :meth:`Proxy.lead_to`."""
    ready: list[Proxy] = []
    is_ready = threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        async with hindered("127.0.0.1", 9) as (link, port):
            made = Proxy(asyncio.get_running_loop(), link)
            made.port = port
            ready.append(made)
            is_ready.set()
            await over.wait()

    loop = asyncio.new_event_loop()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="proxy")
    thread.start()
    try:
        assert is_ready.wait(5)
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        assert not thread.is_alive()
