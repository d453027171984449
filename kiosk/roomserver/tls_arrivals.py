"""
Connections on their way through the TLS handshake, counted from the first packet.

asyncio tells of a TLS connection when its handshake is done: until then nobody
counts it, and a flood of handshakes that never end costs sockets and memory above
every limit (``reliability.md`` S12).  Here each connection is counted as soon as it
is there, cut before a byte of TLS where there are too many, and has one deadline for
the whole handshake; then whoever it is for takes it over and counts it himself.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from typing_extensions import override

from kiosk.roomserver.networks import caller


log = logging.getLogger(__name__)


class Headcount(Protocol):
    """Who counts connections."""

    def came(self, address: str) -> bool:
        """Count one more from an address; False: there are too many."""
        ...

    def went(self, address: str) -> None:
        """Count one less; refused ones were counted as well."""
        ...


@dataclass(frozen=True, slots=True)
class TlsTerms:
    """
    What a port proves itself with, and how long it waits; seconds.

    Attributes:
        context: The certificate.
        handshake_s: For the handshake, from the first packet to its end.
        farewell_s: For the other side's goodbye; None: as asyncio has it.

    """

    context: ssl.SSLContext
    handshake_s: float
    farewell_s: float | None = None


class TlsArrivals:
    """
    Makes the protocols of a port (it is what ``create_server`` calls for each).

    Args:
        terms: Certificate and deadlines.
        headcount: Counts who is under way.
        make: Makes whom a connection is for; it is told of it after the handshake.

    """

    def __init__(
        self,
        terms: TlsTerms,
        headcount: Headcount,
        make: Callable[[], asyncio.Protocol],
    ) -> None:
        self._terms = terms
        self._headcount = headcount
        self._make = make
        self._under_way: dict[asyncio.Task[None], tuple[asyncio.Transport, str]] = {}
        self._is_closing = False

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        return _Arrival(self._arrived)

    async def close(self) -> None:
        """End what is under way, and what comes yet; those handed over are not ours."""
        self._is_closing = True
        for task, (transport, _) in tuple(self._under_way.items()):
            task.cancel()
            transport.abort()  # here: a task that never began does nothing
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _arrived(self, transport: asyncio.Transport) -> None:
        transport.pause_reading()  # until TLS reads
        if self._is_closing:  # accepted just before the port was closed
            transport.abort()
            return
        address = caller(transport)
        if not self._headcount.came(address):
            self._headcount.went(address)
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._let_in(transport, address), name="handshake")
        self._under_way[task] = (transport, address)
        task.add_done_callback(self._count_out)

    def _count_out(self, task: asyncio.Task[None] | None) -> None:
        """Count a handshake no more; safe to repeat."""
        if task in self._under_way:
            _, address = self._under_way.pop(task)
            self._headcount.went(address)

    async def _let_in(self, transport: asyncio.Transport, address: str) -> None:
        early = _Early()
        try:
            secured = await self._secured(transport, early)
            # whoever takes it over counts it himself
            self._count_out(asyncio.current_task())
            early.hand_over(secured, self._make())
        except OSError:  # ssl.SSLError among them: asyncio says more in debug mode
            transport.abort()
        except Exception:
            # The end of the line for this connection; the next one is let in.
            log.exception("connection failed", extra={"peer": address})
            transport.abort()

    async def _secured(
        self, transport: asyncio.Transport, early: asyncio.Protocol
    ) -> asyncio.Transport:
        secured = await asyncio.get_running_loop().start_tls(
            transport,
            early,
            self._terms.context,
            server_side=True,
            ssl_handshake_timeout=self._terms.handshake_s,
            ssl_shutdown_timeout=self._terms.farewell_s,
        )
        if secured is None:
            raise ConnectionResetError
        return secured


class _Arrival(asyncio.Protocol):
    """A connection nothing was read from yet."""

    def __init__(self, arrived: Callable[[asyncio.Transport], None]) -> None:
        self._arrived = arrived

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._arrived(cast("asyncio.Transport", transport))


class _Early(asyncio.Protocol):
    """Keeps what comes with the end of the handshake until it has an owner."""

    def __init__(self) -> None:
        self._received = bytearray()

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data

    def hand_over(self, secured: asyncio.Transport, owner: asyncio.Protocol) -> None:
        """Tell the owner of his connection, and what was said on it."""
        secured.set_protocol(owner)
        owner.connection_made(secured)
        if self._received:
            owner.data_received(bytes(self._received))
