"""
The relay: one publisher and many subscribers for every stream.

Runs on the event loop of its owner, beside the room service.  A subscriber
has its own bounded ring; a slow one loses to the next IDR, and the publisher
is never slowed.  Who may publish or play, and what a stream is for, is
decided by the callables given to the constructor; the relay itself knows no
room, no key and no user.  A stream is known by its name alone: the callables
decide which application it may live in.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final, TypeAlias

from kiosk.roomserver.last_arrivals import close_port
from kiosk.roomserver.relay_decisions import Decisions
from kiosk.roomserver.relay_peer import Peer, Request
from kiosk.roomserver.relay_stream import Listener, Publisher, RelayStream
from kiosk.roomserver.relay_terms import (
    Authorize,
    Crowd,
    Permit,
    Refusal,
    RelayLimits,
    StreamStats,
)
from kiosk.roomserver.store_ledger import Turns
from kiosk.roomserver.tls_arrivals import TlsArrivals, TlsTerms
from kiosk.rtmp.events import PublishRequested
from kiosk.rtmp.handshake import RANDOM_BYTES


log: Final = logging.getLogger(__name__)

Notify: TypeAlias = Callable[[str], None]
"""Told a stream name. Must not block."""

_DEFAULT_LIMITS: Final = RelayLimits()


class Relay:
    """
    Streams by name.  All methods belong to the event loop of serve().

    Attributes:
        limits: As given.
        address: Host and port listened on, while serving.

    """

    def __init__(
        self,
        *,
        authorize_publish: Authorize,
        authorize_play: Authorize,
        on_stream_started: Notify,
        on_stream_ended: Notify,
        limits: RelayLimits = _DEFAULT_LIMITS,
        turns: Turns | None = None,
    ) -> None:
        """Take who decides, in whose turn (by default at once), and who is told."""
        self.limits = limits
        self.address: tuple[str, int] | None = None
        self._decisions = Decisions(authorize_publish, authorize_play, turns)
        self._on_stream_started = on_stream_started
        self._on_stream_ended = on_stream_ended
        self._streams: dict[str, RelayStream] = {}
        self._peers: set[Peer] = set()
        self._crowd = Crowd(limits)
        self._deserted = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._is_closing = False

    @contextlib.asynccontextmanager
    async def serve(
        self,
        host: str,
        port: int,
        *,
        ssl_context: ssl.SSLContext | None = None,
        listener: socket.socket | None = None,
    ) -> AsyncGenerator[tuple[str, int]]:
        """
        Listen while the context is open; yield the address bound.

        Args:
            host: Name or address to listen on.
            port: 0 for a free one.
            ssl_context: Serves rtmps if given.
            listener: Listens already, in the place of host and port.

        Raises:
            OSError: If the address cannot be had (busy port, no right).

        """
        loop = asyncio.get_running_loop()

        def welcome() -> Peer:
            return Peer(self, secrets.token_bytes(RANDOM_BYTES), loop.time)

        arrivals: TlsArrivals | None = None
        if ssl_context is not None:
            terms = TlsTerms(ssl_context, self.limits.handshake_s)
            arrivals = TlsArrivals(terms, self._crowd, welcome)
        if listener is None:
            server = await loop.create_server(arrivals or welcome, host, port)
        else:
            server = await loop.create_server(arrivals or welcome, sock=listener)
        bound = server.sockets[0].getsockname()
        self.address = (str(bound[0]), int(bound[1]))
        self._is_closing = False
        watch = _Repeated(loop, self.limits.check_period_s, self._check_deadlines)
        async with asyncio.TaskGroup() as self._tasks:
            try:
                yield self.address
            finally:
                watch.cancel()
                self._is_closing = True
                await close_port(server)
                if arrivals is not None:
                    await arrivals.close()
                await self._close_all()
                await server.wait_closed()
                self.address = None

    def is_live(self, name: str) -> bool:
        """Whether a stream has a publisher."""
        stream = self._streams.get(name)
        return stream is not None and stream.publisher is not None

    def request_idr(self, name: str) -> None:
        """Ask a stream's publisher for an IDR, at most every interval."""
        stream = self._streams.get(name)
        if stream is not None:
            stream.want_idr(self._now())

    def cut(self, name: str) -> None:
        """Close the publisher and all subscribers of a stream."""
        at_it = [peer for peer in self._peers if _name_at(peer) == name]
        for peer in at_it:
            _dismiss(peer)
        if at_it:
            log.info("stream cut", extra={"stream": name, "connections": len(at_it)})

    def review(self) -> None:
        """Close every connection whose permit is over; done anyway once a second."""
        for peer in tuple(self._peers):
            _end_if_over(peer)

    def stats(self) -> Mapping[str, StreamStats]:
        """Return the counters of every stream by name."""
        now = self._now()
        return {name: stream.stats(now) for name, stream in self._streams.items()}

    def originate(self, name: str, publisher: Publisher) -> RelayStream:
        """Begin a stream that comes from within; feed it with its ``relay``."""
        stream = self._stream(name)
        stream.begin(publisher, self._now())
        self._tell(self._on_stream_started, name)
        return stream

    def withdraw(self, name: str, publisher: Publisher) -> None:
        """End a stream that came from within; safe to repeat."""
        stream = self._streams.get(name)
        if stream is not None and stream.publisher is publisher:
            stream.end(self._now())
            self._forget_deserted(stream)
            self._tell(self._on_stream_ended, name)

    def listen(self, name: str, listener: Listener) -> None:
        """Let somebody within hear a stream; it may come before its publisher."""
        self._stream(name).listen(listener, self._now())

    def unlisten(self, name: str, listener: Listener) -> None:
        """Let somebody within hear a stream no more; safe to repeat."""
        stream = self._streams.get(name)
        if stream is not None:
            stream.listeners.pop(listener, None)
            self._forget_deserted(stream)

    # -- what a connection calls (Host) ----------------------------------------

    def admit(self, peer: Peer) -> bool:
        """Count a connection; False if there are too many."""
        self._peers.add(peer)
        if self._is_closing:  # accepted just before the port was closed
            peer.abort()
        return self._crowd.came(peer.address)

    def decide(self, peer: Peer, request: Request) -> None:
        """Decide whether a peer may publish or play: key first, then the name."""
        assert self._tasks is not None, "somebody asks of a relay that serves"
        deciding = self._decisions.decide(peer, request, self._answer)
        self._tasks.create_task(deciding, name="relay decision")

    def started(self, peer: Peer, stream: RelayStream) -> None:
        """Tell the owner that a publisher may send."""
        self._tell(self._on_stream_started, stream.name)

    def left(self, peer: Peer, stream: RelayStream) -> None:
        """Take a peer out of its stream."""
        stream.leave(peer)
        ended = stream.publisher is peer
        if ended:
            stream.end(self._now())
        self._forget_deserted(stream)
        if ended:
            log.info("stream ended", extra={"stream": stream.name})
            self._tell(self._on_stream_ended, stream.name)

    def gone(self, peer: Peer) -> None:
        """Forget a connection."""
        self._peers.discard(peer)
        if not self._peers:
            self._deserted.set()
        self._crowd.went(peer.address)
        if peer.stream is not None:
            stream, peer.stream = peer.stream, None
            self.left(peer, stream)

    # -- inside ------------------------------------------------------------------

    def _answer(self, peer: Peer, request: Request, permit: Permit | Refusal) -> None:
        if isinstance(permit, Refusal):
            peer.answer(request, permit)
            return
        peer.permit = permit
        publishes = isinstance(request, PublishRequested)
        admit = self._begin if publishes else self._admit
        peer.answer(request, admit(peer, request.name))

    def _begin(self, peer: Peer, name: str) -> Refusal | RelayStream:
        """Take a publisher, unless the name is in use."""
        stream = self._stream(name)
        before = stream.publisher
        if isinstance(before, Peer):
            if before.silent_s(self._now()) < self.limits.takeover_s:
                return Refusal("somebody publishes under this name already")
            before.stream = None
            before.close()
            self._tell(self._on_stream_ended, stream.name)
        stream.begin(peer, self._now())
        return stream

    def _admit(self, peer: Peer, name: str) -> Refusal | RelayStream:
        """Take a subscriber; it may come before its publisher."""
        stream = self._stream(name)
        if len(stream.subscribers) >= self.limits.subscribers_per_stream:
            return Refusal("this stream has as many players as it may have")
        return stream

    def _forget_deserted(self, stream: RelayStream) -> None:
        if stream.is_deserted:
            self._streams.pop(stream.name, None)

    def _stream(self, name: str) -> RelayStream:
        stream = self._streams.get(name)
        if stream is None:
            loop = asyncio.get_running_loop()
            stream = RelayStream(
                name, loop.time(), self.limits.idr_interval_s, loop.call_later
            )
            self._streams[name] = stream
        return stream

    def _tell(self, notify: Notify, name: str) -> None:
        try:
            notify(name)
        except Exception:
            # the owner's mistake must not cost anybody the stream
            log.exception("stream callback failed", extra={"stream": name})

    def _check_deadlines(self) -> None:
        now = self._now()
        for peer in tuple(self._peers):
            peer.check_deadlines(now)
            _end_if_over(peer)

    async def _close_all(self) -> None:
        for close in (Peer.close, Peer.abort):
            if not self._peers:
                return
            self._deserted.clear()
            for peer in tuple(self._peers):
                close(peer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.limits.farewell_s):
                    await self._deserted.wait()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _end_if_over(peer: Peer) -> None:
    stream, permit = peer.stream, peer.permit
    reason = permit() if stream is not None and permit is not None else ""
    if stream is not None and reason:
        facts = {"stream": stream.name, "peer": peer.address, "reason": reason}
        log.info("stream no longer permitted", extra=facts)
        peer.permit = None
        _dismiss(peer)


def _name_at(peer: Peer) -> str | None:
    return peer.stream.name if peer.stream is not None else None


def _dismiss(peer: Peer) -> None:
    """End its stream from our side, telling a player that nothing follows."""
    if not peer.is_publisher:
        peer.publisher_left()
    peer.close()


class _Repeated:
    """A call repeated on the loop until cancelled."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, period_s: float, call: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._period_s = period_s
        self._call = call
        self._timer = loop.call_later(period_s, self._run)

    def cancel(self) -> None:
        self._timer.cancel()

    def _run(self) -> None:
        self._timer = self._loop.call_later(self._period_s, self._run)
        self._call()
