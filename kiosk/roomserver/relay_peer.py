"""
One connection of the relay: an asyncio protocol around an RTMP session.

It publishes, or it subscribes with a ring of its own; it knows no other
connection.  Whatever goes wrong here ends this connection and nothing else.
Stream names are logged without their query, which is a secret.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from typing_extensions import override

from kiosk.errors import WireError
from kiosk.roomserver.networks import caller
from kiosk.roomserver.relay_outlet import Outlet, tune
from kiosk.roomserver.relay_stream import RelayStream
from kiosk.roomserver.relay_terms import (
    BAD_NAME,
    NOT_FOUND,
    Permit,
    Refusal,
    RelayLimits,
)
from kiosk.rtmp.chunks import ChunkLimits
from kiosk.rtmp.events import (
    AudioTag,
    ConnectRequested,
    IdrRequested,
    Metadata,
    PlayRequested,
    PublishRequested,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.live_queue import Kind
from kiosk.rtmp.server import Role, ServerSession


log: Final = logging.getLogger(__name__)

_LEAST_CHUNK_BYTES: Final = 128  # smaller ones cost us more than their sender


Request: TypeAlias = PublishRequested | PlayRequested


class Host(Protocol):
    """The relay as one connection sees it."""

    limits: RelayLimits

    def admit(self, peer: Peer) -> bool:
        """Count a connection; False if there are too many."""
        ...

    def decide(self, peer: Peer, request: Request) -> None:
        """Decide what a peer may do, and tell it by ``answer``, now or later."""
        ...

    def started(self, peer: Peer, stream: RelayStream) -> None:
        """Note that a publisher was told to send."""
        ...

    def left(self, peer: Peer, stream: RelayStream) -> None:
        """Note that the peer's stream ended; the connection may go on."""
        ...

    def gone(self, peer: Peer) -> None:
        """Forget a connection that is over."""
        ...


class Peer(asyncio.Protocol):
    """
    Whoever connected.

    Attributes:
        address: IP address, for limits and logs; loopback: this machine.
        stream: What it publishes or plays.
        permit: The right to that.
        opus: Whether it can send Opus, or hear it.
        asked: What it asked and was not told yet.

    """

    _transport: asyncio.Transport  # both come with connection_made
    _outlet: Outlet

    def __init__(
        self, host: Host, random_bytes: bytes, clock: Callable[[], float]
    ) -> None:
        limits = host.limits
        self.address = ""
        self.stream: RelayStream | None = None
        self.permit: Permit | None = None
        self.opus = False
        self._host = host
        self._limits = limits
        self._clock = clock
        self._session = ServerSession(
            random_bytes,
            ChunkLimits(
                message_bytes=limits.message_bytes,
                least_chunk_bytes=_LEAST_CHUNK_BYTES,
                unfinished_bytes=2 * limits.message_bytes,
            ),
        )
        self._since = clock()  # of the present phase, for its deadline
        self._heard_at = self._since
        self._closing_at: float | None = None
        self.asked: Request | None = None
        self._is_deaf = False  # until it knows what it asked

    # -- what asyncio calls -------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the socket up, or turn the connection away."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._outlet = Outlet(transport, self._limits, self._clock)
        self.address = caller(transport) or "local"
        if self._host.admit(self):
            tune(transport.get_extra_info("socket"), self._limits.send_buffer_bytes)
        else:
            self._drop("too many connections")

    @override
    def data_received(self, data: bytes) -> None:
        """Read what came; any error ends this connection only."""
        if self._closing_at is not None:
            return
        try:
            self._read(data)
        except WireError as error:
            self._drop(f"not RTMP: {error}")
        except Exception:
            # the outermost frame of this connection: nobody else may suffer
            log.exception("connection failed", extra={"peer": self.address})
            self.abort()

    @override
    def pause_writing(self) -> None:
        """Let the ring keep what the kernel does not take."""
        self._outlet.pause()

    @override
    def resume_writing(self) -> None:
        """Send what the ring kept, or what is left of it."""
        self._outlet.resume()
        self._want_idr()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up, whoever closed."""
        self._close_at(self._clock())
        self._host.gone(self)

    # -- what the relay calls -----------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether it is closing, or closed."""
        return self._closing_at is not None

    @property
    def is_publisher(self) -> bool:
        """Whether it was accepted as a publisher."""
        return self._session.role is Role.PUBLISHER

    @property
    def sent_bytes(self) -> int:
        """Media handed to the network."""
        return self._outlet.sent_bytes

    @property
    def dropped_units(self) -> int:
        """Media thrown away by the ring."""
        return self._outlet.dropped_units

    def answer(self, request: Request, answer: Refusal | RelayStream) -> None:
        """Take what the relay decided on a request, and hear what came meanwhile."""
        self.asked = None
        publishes = isinstance(request, PublishRequested)
        _log(request, answer, self.address)
        if isinstance(answer, Refusal):
            self._session.refuse(BAD_NAME if publishes else NOT_FOUND, answer.reason)
            self._flush()
            self.close()
            return
        self._session.accept()
        self._flush()
        self.opus = self._session.opus
        self._since = self._heard_at
        self.stream = answer
        if publishes:
            answer.choose_audio()
            self._host.started(self, answer)
        else:
            self._outlet.answer(b"".join(answer.join(self, self._heard_at)))
        if self._is_deaf:
            self._is_deaf = False
            self._transport.resume_reading()
            self.data_received(b"")

    def silent_s(self, now: float) -> float:
        """Return how long nothing was heard."""
        return now - self._heard_at

    def request_idr(self) -> None:
        """Ask for an IDR, if this publisher knows how."""
        self._session.request_idr()
        self._flush()

    def use_opus(self, *, wanted: bool) -> None:
        """Have this publisher send Opus, or AAC again."""
        self._session.use_opus(wanted=wanted)
        self._flush()

    def offer(self, kind: Kind, packed: bytes) -> None:
        """Take a unit into the ring and send what the network takes."""
        self._outlet.offer(kind, packed)
        self._want_idr()

    def publisher_came(self) -> None:
        """Begin anew with an IDR."""
        self._outlet.restart()
        self._session.notify_published()
        self._flush()

    def publisher_left(self) -> None:
        """Tell the player that nothing follows for now."""
        self._session.notify_unpublished()
        self._flush()

    def close(self) -> None:
        """Close after the last bytes are sent, or at the farewell deadline."""
        if self._closing_at is None:
            self._close_at(self._clock())
            self._transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._close_at(self._clock())
        self._transport.abort()

    def check_deadlines(self, now: float) -> None:
        """Cut the connection if it let a deadline pass."""
        reason = self._overdue(now)
        if reason:
            self._drop(reason)

    # -- inside ---------------------------------------------------------------

    def _read(self, received: bytes) -> None:
        self._heard_at = self._clock()
        events = self._session.feed(received)
        while events and self._closing_at is None:
            asked = [self._react(event) for event in events][-1]
            # a request is always the last event; then there may be more
            events = self._session.feed(b"") if asked else []
        if _waits(self) and not self.is_over:
            self._is_deaf = True
            self._transport.pause_reading()
        self._flush()

    def _react(self, event: ServerEvent) -> bool:
        """Act on an event; return whether it was a request and is answered."""
        match event:
            case VideoTag() | AudioTag() | Metadata():
                assert self.stream is not None, "media only comes from a publisher"
                self.stream.relay(event, self._heard_at)
                return False
            case ConnectRequested():
                self._session.accept()
            case PublishRequested() | PlayRequested():
                self.asked = event
                self._host.decide(self, event)
                return not _waits(self)
            case IdrRequested():
                assert self.stream is not None, "only a subscriber asks"
                self.stream.want_idr(self._heard_at)
                return False
            case _:
                self._leave()
                return False
        return True

    def _leave(self) -> None:
        stream, self.stream = self.stream, None
        assert stream is not None, "a stream ends once"
        self._since = self._heard_at
        self._outlet.restart()
        self._host.left(self, stream)

    def _overdue(self, now: float) -> str:
        """Return which deadline passed, in words; empty if none did."""
        limits = self._limits
        paused_at = self._outlet.paused_at
        if self._closing_at is not None:
            begun, allowed_s, what = self._closing_at, limits.farewell_s, "closed"
        elif paused_at is not None:
            begun, allowed_s, what = paused_at, limits.write_stall_s, "read"
        elif self.stream is None:
            begun, allowed_s, what = self._since, limits.handshake_s, "asked"
        elif self.is_publisher:
            begun, allowed_s, what = self._heard_at, limits.idle_s, "published"
        elif self.stream.publisher is None:
            begun = max(self._since, self.stream.vacant_since)
            allowed_s, what = limits.publisher_wait_s, "found a publisher"
        else:
            return ""
        return f"not {what} in {allowed_s} s" if now - begun > allowed_s else ""

    def _want_idr(self) -> None:
        if self._outlet.take_idr_wanted():
            assert self.stream is not None, "a ring without stream is empty"
            self.stream.want_idr(self._clock())

    def _flush(self) -> None:
        if not self._outlet.answer(self._session.bytes_to_send()):
            self._drop("does not read our answers")

    def _close_at(self, now: float) -> None:
        self._closing_at = self._closing_at or now
        self._outlet.is_closed = True

    def _drop(self, reason: str) -> None:
        name = self.stream.name if self.stream is not None else ""
        log.warning(
            "connection dropped",
            extra={"peer": self.address, "stream": name, "reason": reason},
        )
        self.abort()


def _waits(peer: Peer) -> bool:
    return peer.asked is not None


def _log(request: Request, answer: Refusal | RelayStream, address: str) -> None:
    publishes = isinstance(request, PublishRequested)
    facts = {"stream": request.name, "peer": address}
    if isinstance(answer, Refusal):
        log.warning(
            "publisher refused" if publishes else "player refused",
            extra=facts | {"reason": answer.reason},
        )
    else:
        log.info("stream started" if publishes else "player joined", extra=facts)
