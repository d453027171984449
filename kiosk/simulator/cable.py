"""
The kiosk's network cable: what it sends to servers on this machine passes here.

Pulled, nothing passes either way and nobody is told, as with a real one: connections
stay as they are, new ones get no answer.  Put back, what waited goes on.  Buffers are
small, so that senders notice soon.  It has a thread and an event loop of its own.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from kiosk.simulator.switches import Switch, Switches


HOST: Final = "127.0.0.1"
JOIN_S: Final = 3.0
_BUFFER = 8192
_BACKLOG = 16


class Cable:
    """
    Passes bytes on until closed.

    Args:
        switches: ``NETWORK`` pulls it.

    """

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._lock = threading.Lock()
        self._ports: dict[tuple[str, int], int] = {}
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._sockets: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._run, name="cable", daemon=True)
        self._thread.start()
        switches.listen(self._throw)

    def port_to(self, host: str, port: int) -> int:
        """Return the port on 127.0.0.1 that leads to another one; any thread."""
        with self._lock:
            known = self._ports.get((host, port))
            if known is None:
                known = self._ports[host, port] = self._new_port(host, port)
            return known

    def close(self) -> None:
        """Break all connections; safe to repeat."""
        with suppress(RuntimeError):  # closed before
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            for pump in self._pumps:
                pump.cancel()
            self._loop.run_until_complete(_ended(self._pumps))
        finally:
            for sock in self._sockets:  # of those that never began, too
                sock.close()
            self._loop.close()

    def _new_port(self, host: str, port: int) -> int:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listener.bind((HOST, 0))
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 (no keyword in the library)

        def accept() -> None:
            self._sockets.add(listener)
            self._begin(self._accept(listener, host, port))

        self._loop.call_soon_threadsafe(accept)
        found: int = listener.getsockname()[1]
        return found

    async def _accept(self, listener: socket.socket, host: str, port: int) -> None:
        while True:
            await self._whole.wait()
            near, _ = await self._loop.sock_accept(listener)
            self._sockets.add(near)
            self._begin(self._join(near, host, port))

    async def _join(self, near: socket.socket, host: str, port: int) -> None:
        with near, socket.socket() as far:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            far.setblocking(False)  # noqa: FBT003 (no keyword in the library)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):
                await self._loop.sock_connect(far, (host, port))
                pumps = {
                    self._begin(self._pump(*ends))
                    for ends in ((near, far), (far, near))
                }
                try:
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for pump in pumps:
                        pump.cancel()
                    await _ended(pumps)
        self._sockets.discard(near)

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while True:
                await self._whole.wait()
                passing = await self._loop.sock_recv(source, _BUFFER)
                await self._whole.wait()
                if not passing:
                    return
                await self._loop.sock_sendall(sink, passing)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)
        return task

    def _throw(self, switch: Switch, on: bool) -> None:  # noqa: FBT001 -- a callback's
        if switch is Switch.NETWORK:
            with suppress(RuntimeError):  # closed
                act = self._whole.clear if on else self._whole.set
                self._loop.call_soon_threadsafe(act)


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)
