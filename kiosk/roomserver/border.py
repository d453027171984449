"""
What HTTP grants to whoever connects, and all who did.

Deadlines and numbers; one connection is :mod:`kiosk.roomserver.crossing`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Final, Never, Protocol

from kiosk.room import messages as msg
from kiosk.roomserver.admission import (
    Admission,
    AdmissionLimits,
    RouteClass,
    Welcome,
)
from kiosk.roomserver.forwarding import Forwarding, somebody_behind
from kiosk.roomserver.http_message import Answering


log = logging.getLogger(__name__)

_CHECKS_PER_DEADLINE: Final = 4
_STEPS_TO_LIMIT: Final = 16


@dataclass(frozen=True, slots=True)
class BorderLimits:
    """
    What HTTP grants to whoever connects; times in seconds.

    Attributes:
        head_s: From the first byte of a head, or the connection, to its last.
        body_s: From there to the last byte of the body.
        idle_s: Without a request on a connection that had one; longer than a
            heartbeat period, so that a member needs one connection.
        stall_s: In so long a client takes all there is for it, or 16 KiB.
        farewell_s: How long a refused client may go on talking.
        handshake_s: For the TLS handshake.
        retry_s: What a refused client is told to wait.
        line_bytes: The request line.
        head_bytes: The head with it.
        body_bytes: The body.
        discard_bytes: What is read and dropped of a refused client.
        admission: How many at once.
        trusted_proxies: Networks whose word counts for whom they pass on; each of
            them stands for many clients.

    """

    head_s: float = 5.0
    body_s: float = 10.0
    idle_s: float = 75.0
    stall_s: float = 10.0
    farewell_s: float = 1.0
    handshake_s: float = 5.0
    retry_s: int = 2
    line_bytes: int = 8 * 1024
    head_bytes: int = 16 * 1024
    body_bytes: int = msg.MAX_REQUEST_BYTES
    stall_bytes: int = 16 * 1024
    discard_bytes: int = 1024 * 1024
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    trusted_proxies: tuple[str, ...] = ()

    @property
    def check_s(self) -> float:
        """How often deadlines are looked at."""
        shortest = min(self.head_s, self.body_s, self.idle_s, self.stall_s)
        return min(1.0, min(shortest, self.farewell_s) / _CHECKS_PER_DEADLINE)


class Connection(Protocol):
    """One of the connections."""

    def check(self, now: float) -> None:
        """Enforce the deadlines."""
        ...

    def close_soon(self) -> None:
        """Close, but answer first what was asked."""
        ...

    def abort(self) -> None:
        """Close at once; what was asked is not answered."""
        ...


class Border:
    """
    All connections of a server.

    Args:
        app: Answers; whatever it raises is logged and answered with 500.

    Attributes:
        date: The time of day as HTTP has it, some tenths of a second old.
        is_closing: No further request is taken.

    """

    def __init__(self, limits: BorderLimits, app: Answering) -> None:
        self.limits = limits
        self.app = app
        self.forwarding = Forwarding(limits.trusted_proxies)
        proxies = (*limits.admission.proxies, *limits.trusted_proxies)
        self.admission = Admission(replace(limits.admission, proxies=proxies))
        self.date = formatdate(usegmt=True)
        self.is_closing = False
        self._has_warned = False
        self._connections: set[Connection] = set()
        self._answered: list[RouteClass] = []
        self._batch = max(1, limits.admission.ordinary // _STEPS_TO_LIMIT)
        self._deserted = asyncio.Event()
        self._orphans: set[asyncio.Task[None]] = set()

    def came(self, address: str) -> bool:
        """Count somebody in the TLS handshake; False: there are too many."""
        return self.admission.connected(address) is not Welcome.REFUSED

    def went(self, address: str) -> None:
        """Count him no more."""
        self.admission.disconnected(address)

    def entered(self, connection: Connection) -> None:
        """Watch a connection's deadlines; too late, it is ended."""
        self._connections.add(connection)
        if self.is_closing:  # accepted just before the port was closed
            connection.abort()

    def left(
        self, connection: Connection, task: asyncio.Task[None] | None = None
    ) -> None:
        """Forget a connection; what it asked goes on, to the server's end at most."""
        self._connections.discard(connection)
        if not self._connections:
            self._deserted.set()
        if task is not None:
            self._orphans.add(task)
            task.add_done_callback(self._orphans.discard)

    def somebody_behind(self, peer: str) -> str:
        """Return who comes through a proxy that is not trusted; once, say so."""
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "request passed on by a proxy that [server] trusted_proxies lacks",
                extra={"peer": peer},
            )
        return somebody_behind(peer)

    def answered_at_once(self, kind: RouteClass) -> None:
        """
        Count a request out, but one of a crowd only once the event loop has turned.

        Otherwise as many as come in one turn would never be too many, and the
        heartbeats among them would wait for all.  Less than a batch (a sixteenth of
        what may be in work) stays counted until more come, or :meth:`watch` looks.
        """
        if kind is RouteClass.HEARTBEAT:
            self.admission.end(kind)
            return
        self._answered.append(kind)
        if len(self._answered) == self._batch:
            asyncio.get_running_loop().call_soon(self._count_out)

    def _count_out(self) -> None:
        for kind in self._answered:
            self.admission.end(kind)
        self._answered.clear()

    async def watch(self) -> Never:
        """Look at deadlines, the clock on the wall and what is done, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.check_s)
            self.date = formatdate(usegmt=True)
            self._count_out()
            now = loop.time()
            for connection in tuple(self._connections):
                _check(connection, now)

    async def close(self, patience_s: float) -> None:
        """Close all connections, those with an answer to come a little later."""
        self.is_closing = True
        for connection in tuple(self._connections):
            connection.close_soon()
        if self._connections:
            self._deserted.clear()
            try:
                async with asyncio.timeout(patience_s):
                    await self._deserted.wait()
            except TimeoutError:
                for connection in tuple(self._connections):
                    connection.abort()
                await asyncio.sleep(0)  # in which they are lost
        orphans = tuple(self._orphans)
        for orphan in orphans:
            orphan.cancel()
        await asyncio.gather(*orphans, return_exceptions=True)


def _check(connection: Connection, now: float) -> None:
    try:
        connection.check(now)
    except Exception:
        # The end of the line for this connection; the others are looked at.
        log.exception("connection not checked")
        connection.abort()
