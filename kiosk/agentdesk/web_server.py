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


MAX_CONNECTIONS: Final = 512
MAX_PER_ADDRESS: Final = 32
REQUEST_S: Final = 15.0
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
    request_s: float = REQUEST_S,
) -> AsyncGenerator[None]:
    """
    Serve while the context lives; WebSockets get a second at the end.

    Args:
        app: Answers.
        listener: Where pages come from; closed at the end.
        arrivals: Counts them.
        tls: Serves https if given.
        request_s: How long a connection may last that is no WebSocket.

    """
    config = uvicorn.Config(
        app,
        loop="none",
        http=_protocol(arrivals, request_s),
        ws="wsproto",
        ws_max_size=MAX_MESSAGE_BYTES,
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
    server = _Uvicorn(config)
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


class _Uvicorn(uvicorn.Server):
    """uvicorn, leaving the signals to the server it runs in."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield
