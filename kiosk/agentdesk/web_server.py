"""
The desk's own port: uvicorn, with few connections and a deadline on each.

Apart from the room service's, which takes whole requests and no WebSockets: agents and
kiosks come from different networks, and a firewall tells ports apart.  A connection
that is no WebSocket lives for some seconds, however slowly it talks.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol


MAX_CONNECTIONS: Final = 512
MAX_PER_ADDRESS: Final = 32
REQUEST_S: Final = 15.0
HANDSHAKE_S: Final = 5.0
MAX_MESSAGE_BYTES: Final = 1024 * 1024
_HEAD_BYTES = 16 * 1024
_DRAIN_S = 1


class Arrivals:
    """
    Who is connected.

    Args:
        is_many: Says whether an address stands for many clients, as a proxy's does.

    """

    def __init__(self, is_many: Callable[[str], bool]) -> None:
        self._is_many = is_many
        self._open: dict[asyncio.Transport, str] = {}

    def may_enter(self, transport: asyncio.Transport) -> bool:
        """Count a connection; False: there are too many."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        self._open = {one: at for one, at in self._open.items() if not one.is_closing()}
        here = Counter(self._open.values())[address]
        too_many = here >= MAX_PER_ADDRESS and not self._is_many(address)
        if too_many or len(self._open) >= MAX_CONNECTIONS:
            return False
        self._open[transport] = address
        return True


@asynccontextmanager
async def serving(
    app: ASGIApp,
    listener: socket.socket,
    arrivals: Arrivals,
    tls: ssl.SSLContext | None = None,
    *,
    request_s: float = REQUEST_S,
    handshake_s: float = HANDSHAKE_S,
) -> AsyncGenerator[None]:
    """
    Serve while the context lives; WebSockets get a second at the end.

    Args:
        app: Answers.
        listener: Where pages come from; closed at the end.
        arrivals: Counts them.
        tls: Serves https if given.
        request_s: How long a connection may last that is no WebSocket.
        handshake_s: How long a TLS handshake may last; nobody is counted before its end.

    """
    protocol = _protocol(arrivals, request_s)
    config = uvicorn.Config(
        app,
        loop="none",
        http=protocol,
        ws=_WebSocket,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_graceful_shutdown=_DRAIN_S,
    )
    config.load()
    config.ssl = tls
    server = _Uvicorn(config, protocol, handshake_s)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listener]), name="desk http")
        try:
            yield
        finally:
            server.should_exit = True


def _protocol(arrivals: Arrivals, request_s: float) -> type[H11Protocol]:
    """Return uvicorn's protocol with our limits: it makes its objects itself."""

    class Limited(H11Protocol):
        """One connection."""

        @override
        def connection_made(self, transport: Any) -> None:
            """Count it, and give it until then."""
            super().connection_made(transport)
            if not arrivals.may_enter(transport):
                transport.abort()
                return
            self.loop.call_later(request_s, self._end, transport)

        def _end(self, transport: asyncio.Transport) -> None:
            """End it, unless it is a WebSocket by now, or gone."""
            if transport.get_protocol() is self and not transport.is_closing():
                transport.abort()

    return Limited


class _WebSocket(WSProtocol):
    """uvicorn's, with an end to messages: its 0.32 heeds no ``ws_max_size`` here."""

    _unfinished = 0

    @override
    def data_received(self, data: bytes) -> None:
        """Take it in; end a connection whose message does not end."""
        before = self.queue.qsize()
        super().data_received(data)
        self._unfinished += len(data)
        if self.queue.qsize() > before:
            self._unfinished = 0
        elif self._unfinished > MAX_MESSAGE_BYTES:
            self.transport.abort()


class _Uvicorn(uvicorn.Server):
    """uvicorn, with a deadline for handshakes; the signals are its server's."""

    def __init__(
        self, config: uvicorn.Config, protocol: type[H11Protocol], handshake_s: float
    ) -> None:
        super().__init__(config)
        self._protocol = protocol
        self._handshake_s = handshake_s

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen ourselves: uvicorn has no word for the deadline, asyncio's is 60 s."""
        await super().startup([])
        for one in sockets or []:
            server = await asyncio.get_running_loop().create_server(
                lambda: self._protocol(
                    self.config, self.server_state, self.lifespan.state
                ),
                sock=one,
                backlog=self.config.backlog,
                ssl=self.config.ssl,
                ssl_handshake_timeout=self._handshake_s if self.config.ssl else None,
            )
            self.servers.append(server)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield
