"""
The room client's TCP connections, on asyncio alone.

httpcore opens its own through anyio, and three things of that are not good enough
for a daemon: anyio 4.8, the device's version, forgets a socket whose connect is
cancelled as it succeeds; a connection out of use stays open until somebody
asks again, which for an idle kiosk is 20 s later; and what TCP repeats ever more
rarely comes late when a link is back. Here a cancelled connect
leaves nothing behind, and a connection that was quiet for
:data:`KEEP_ALIVE_S`, or that the server ended, is closed at once. So is one on
which a request does not arrive (``UNHEARD_S``); and while no connect is answered
others are begun beside it, a few (:mod:`kiosk.roomclient.reaching`).

A connection is kept longer than a heartbeat's period, for over TLS a new one costs
both sides several times the heartbeat (``tests/bench``, ``heartbeat_tls``). So it may
have ended, unknown to us, as the next request is written, or the link may be away. What
has not arrived at the other machine after half a second is sent again on a new
connection, unless its effect must come once: then it had a new one from the beginning.

Deadlines are not kept here: whoever asks has one for the whole exchange.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import sys
import termios
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import anyio.lowlevel
import httpcore
import httpx
from typing_extensions import override

from kiosk.last_addresses import LastAddresses
from kiosk.proxy import Asking, Proxy
from kiosk.roomclient.names import Names, Resolve
from kiosk.roomclient.reaching import reached


KEEP_ALIVE_S: Final = 10.0  # a heartbeat is 7 s after the last at most
_ARRIVES_S = 0.5
ONCE: Final = "kiosk_once"
"""Extension of a request that must not be sent twice."""
_POOL = 8
_AHEAD = 64 * 1024  # read and not yet asked for


class RoomTransport(httpx.AsyncHTTPTransport):
    """
    httpx's transport over our connections.

    Args:
        tls: Whom to trust.
        keep_alive_s: How long a quiet connection is kept, in seconds.
        resolve: Finds the addresses of a host; by default the system does.
        proxy: Is gone through, but to whom it does not lead; by default nothing is.

    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        keep_alive_s: float = KEEP_ALIVE_S,
        resolve: Resolve | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        super().__init__(verify=tls)
        self._fresh = httpx.AsyncHTTPTransport(verify=tls)
        names = Names(last=LastAddresses())
        network = _Network(keep_alive_s, resolve or names.addresses, proxy)
        # httpx takes no network backend; its pools are replaced before they are used.
        for transport, kept in ((self, _POOL), (self._fresh, 0)):
            transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001
                ssl_context=tls,
                max_connections=_POOL,
                max_keepalive_connections=kept,
                keepalive_expiry=keep_alive_s,
                network_backend=network,
            )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; again, where the connection had ended before."""
        if request.extensions.get(ONCE):
            return await self._fresh.handle_async_request(request)
        for _ in range(_POOL):  # so many may have ended
            try:
                return await super().handle_async_request(request)
            except httpx.ReadError as error:
                if not isinstance(error.__cause__, _Stale):
                    raise
        return await self._fresh.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        """Close all connections."""
        await super().aclose()
        await self._fresh.aclose()


class _Stale(httpcore.ReadError):
    """A connection that served before ended without a byte of this answer."""


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(
        self, keep_alive_s: float, resolve: Resolve, proxy: Proxy | None
    ) -> None:
        self._keep_alive_s = keep_alive_s
        self._resolve = resolve
        self._proxy = proxy

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            connection = await self._connected(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        await connection.closed_if_cancelled()
        return connection

    async def _connected(self, host: str, port: int) -> _Connection:
        sock = await self._way_to(host, port)
        make = partial(_Connection, self._keep_alive_s)
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(make, sock=sock)
        except BaseException:
            sock.close()
            raise
        return connection

    async def _way_to(self, host: str, port: int) -> socket.socket:
        proxy = self._proxy
        if proxy is None or not proxy.leads_to(host):
            return await reached(await self._resolve(host, port), port)
        addresses = await self._resolve(proxy.host, proxy.port)
        sock = await reached(addresses, proxy.port)
        try:
            await _led_through(sock, Asking(proxy, host, port))
        except BaseException:
            sock.close()
            raise
        return sock


async def _led_through(sock: socket.socket, asking: Asking) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, asking.question)
    while not asking.is_answered(sock):
        await _readable(loop, sock)


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    changed = asyncio.Event()
    loop.add_reader(sock, changed.set)
    try:
        await changed.wait()
    finally:
        loop.remove_reader(sock)


class _Connection(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection; whoever has it from the pool reads or writes."""

    _transport: asyncio.Transport

    def __init__(self, keep_alive_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._keep_alive_s = keep_alive_s
        self._received = bytearray()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._is_over = False
        self._is_read = False
        self._is_answered = False
        self._is_used_again = False
        self._written = 0  # of the request under way, if it is not the first
        self._arriving: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self._quiet: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._writable.set()

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        self._is_answered = True
        self._end(self._arriving)
        self._changed.set()
        if len(self._received) > _AHEAD:
            self._transport.pause_reading()

    @override
    def pause_writing(self) -> None:
        self._writable.clear()

    @override
    def resume_writing(self) -> None:
        self._writable.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self._error = exc
        self._changed.set()
        self._writable.set()

    @override
    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,
    ) -> bytes:
        with self._in_use():
            while not self._received and not self._is_over:
                self._changed.clear()
                await self._changed.wait()
        if self._is_used_again and not self._is_answered:
            raise _Stale("the connection had ended") from self._error
        if not self._received and self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        self._is_read = True
        taken = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if len(self._received) <= _AHEAD:
            self._transport.resume_reading()
        return taken

    @override
    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,
    ) -> None:
        if self._is_read:  # all of a request is written before its answer is read
            self._is_read, self._is_answered, self._is_used_again = False, False, True
            self._written = 0
            self._arriving = self._loop.call_later(_ARRIVES_S, self._close_if_unheard)
        self._written += len(buffer)
        if self._is_over:
            raise httpcore.WriteError("the connection is closed")
        with self._in_use():
            self._transport.write(buffer)
            await self._writable.wait()
        if self._error is not None:
            raise httpcore.WriteError(str(self._error)) from self._error

    @override
    async def aclose(self) -> None:
        # Nothing is left to be said: no wait for a TLS farewell.
        self._close()

    async def _secured(
        self, tls: ssl.SSLContext, server_hostname: str | None
    ) -> asyncio.Transport:
        try:
            with self._in_use():
                above = await self._loop.start_tls(
                    self._transport, self, tls, server_hostname=server_hostname
                )
        except ConnectionError as error:
            if error.errno is not None:
                raise
            # asyncio has no words for who hangs up within the handshake
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "hung up") from error
        assert above is not None
        return above

    @override
    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            self._transport = await self._secured(ssl_context, server_hostname)
        except OSError as error:  # ssl.SSLError among them
            self._close()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            self._close()
            raise
        await self.closed_if_cancelled()
        return self

    async def closed_if_cancelled(self) -> None:
        """
        Raise if whoever opens this is cancelled by now.

        httpcore asks the same a step later and then keeps the connection for
        ever, neither used nor closed.
        """
        try:
            await anyio.lowlevel.checkpoint_if_cancelled()
        except BaseException:
            self._close()
            raise

    @override
    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # with nothing asked: over, or nonsense arrived
            return self._is_over or bool(self._received)
        return self._transport.get_extra_info(info)

    @contextmanager
    def _in_use(self) -> Generator[None]:
        self._end(self._quiet)
        try:
            yield
        finally:
            if not self._is_over:
                self._quiet = self._loop.call_later(self._keep_alive_s, self._close)

    def _close_if_unheard(self) -> None:
        """Give up an old connection on which nothing of a request has arrived."""
        if self._is_over:
            return
        sock = self._transport.get_extra_info("socket")
        if sock is None:  # TLS is lost, and connection_lost comes in a moment
            return
        queued = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
        if int.from_bytes(queued, sys.byteorder) >= self._written:
            self._close()
            self._changed.set()
            self._writable.set()

    def _end(self, timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()

    def _close(self) -> None:
        self._is_over = True
        self._end(self._quiet)
        self._end(self._arriving)
        self._transport.abort()
