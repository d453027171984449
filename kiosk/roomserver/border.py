"""
Between the network and uvicorn: deadlines, limits and one strict grammar.

uvicorn keeps whoever drips for ever (``reliability.md`` finding 7) and its two
parsers forgive different things.  Here a request is collected whole, in time and
within limits, before uvicorn sees its first byte; uvicorn then has one request at
a time, whichever parser it uses.  Every refusal closes, but that of a busy
server.  A body without Content-Length is refused: no client of RTCRoom sends one.
Nothing here knows a room or a user.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final, Never, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.roomserver.admission import (
    Admission,
    AdmissionLimits,
    RouteClass,
    Welcome,
    class_of,
)
from kiosk.roomserver.request_head import (
    HEAD_END,
    TIMED_OUT,
    Head,
    HeadRefused,
    judge_part,
    read_head,
)


STATE_KEY: Final = "border"
"""Under this name the ASGI state holds the connection."""
_BUSY: Final = 503
_TOO_OFTEN: Final = 429
_CHECKS_PER_DEADLINE: Final = 4
_CROWDED: Final = "too many connections; try again later"


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

    @property
    def check_s(self) -> float:
        """How often deadlines are looked at."""
        shortest = min(self.head_s, self.body_s, self.idle_s, self.stall_s)
        return min(1.0, min(shortest, self.farewell_s) / _CHECKS_PER_DEADLINE)


Inside = Callable[[dict[str, Any]], asyncio.Protocol]
"""Makes uvicorn's protocol of a connection from what the ASGI state shall hold."""


class Border:
    """All connections of a server."""

    def __init__(self, limits: BorderLimits) -> None:
        self.limits = limits
        self.admission = Admission(limits.admission)
        self._crossings: set[Crossing] = set()

    def welcome(self, inside: Inside) -> Crossing:
        """Return the protocol of a new connection."""
        return Crossing(self, inside)

    def entered(self, crossing: Crossing) -> None:
        """Watch a connection's deadlines."""
        self._crossings.add(crossing)

    def left(self, crossing: Crossing) -> None:
        """Forget a connection."""
        self._crossings.discard(crossing)

    async def watch(self) -> Never:
        """Look at all deadlines for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.check_s)
            now = loop.time()
            for crossing in tuple(self._crossings):
                crossing.check(now)


class _Stage(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWERING = auto()
    CLOSING = auto()


class Crossing(asyncio.Protocol):
    """One connection at the border; uvicorn's protocol is behind it."""

    _transport: asyncio.Transport
    _inner: asyncio.Protocol

    def __init__(self, border: Border, inside: Inside) -> None:
        self._border = border
        self._limits = border.limits
        self._admission = border.admission
        self._inside = inside
        self._now = asyncio.get_running_loop().time
        self._address = self._place = ""
        self._welcome = Welcome.OPEN
        self._stage = _Stage.IDLE
        self._deadline = math.inf
        self._stalled_at = math.inf
        self._unsent = 0
        self._buffer = bytearray()
        self._head: Head | None = None
        self._kind: RouteClass | None = None
        self._begun = False
        self._discarded = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a client in, or refuse it at once."""
        self._transport = cast("asyncio.Transport", transport)
        # Hear of the first byte the client does not take; 0 never resumes in TLS.
        self._transport.set_write_buffer_limits(high=1)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._place = self._admission.place_of(self._address)
        self._border.entered(self)
        self._inner = self._inside({STATE_KEY: self})
        self._inner.connection_made(transport)
        self._deadline = self._now() + self._limits.head_s
        self._welcome = self._admission.connected(self._address)
        if self._welcome is Welcome.REFUSED:
            self._refuse(_BUSY, _CROWDED)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._border.left(self)
        self._admission.disconnected(self._address)
        if not self._begun:  # uvicorn refused it itself: no answer will come
            self._work_ended()
        self._inner.connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Collect; pass a request on when it is whole."""
        if self._stage is _Stage.CLOSING:
            self._discarded += len(data)
            if self._discarded > self._limits.discard_bytes:
                self._transport.abort()
            return
        self._buffer += data
        if self._stage is not _Stage.ANSWERING:
            self._collect()
        elif len(self._buffer) > self._limits.head_bytes:
            self._transport.abort()  # nobody asks so much before the answer

    @override
    def pause_writing(self) -> None:
        """Begin to count how long the client takes nothing."""
        self._unsent = self._transport.get_write_buffer_size()
        self._stalled_at = self._now() + self._limits.stall_s
        self._inner.pause_writing()

    @override
    def resume_writing(self) -> None:
        """Note that the client took all."""
        self._stalled_at = math.inf
        self._inner.resume_writing()

    def check(self, now: float) -> None:
        """Enforce the deadlines."""
        if now >= self._stalled_at:
            left = self._transport.get_write_buffer_size()
            if self._unsent - left < self._limits.stall_bytes:
                self._transport.abort()
            self._unsent, self._stalled_at = left, now + self._limits.stall_s
        if now < self._deadline:
            return
        if self._stage in {_Stage.HEAD, _Stage.BODY}:
            self._refuse(TIMED_OUT, "the request came too slowly")
        elif self._stage is _Stage.CLOSING:
            self._transport.abort()
        else:
            self._close()

    def begun(self) -> None:
        """Note that the application has the request."""
        self._begun = True

    def answered(self) -> None:
        """Note that the application is done with the request; take the next."""
        self._work_ended()
        if self._transport.is_closing() or self._stage is not _Stage.ANSWERING:
            return
        if self._welcome is not Welcome.OPEN:
            self._close()
            return
        self._await_next()
        self._collect()

    def _await_next(self) -> None:
        self._stage = _Stage.IDLE
        self._deadline = self._now() + self._limits.idle_s

    def _collect(self) -> None:
        try:
            while self._buffer and self._take_step():
                pass
        except HeadRefused as refused:
            self._refuse(refused.status, str(refused))

    def _take_step(self) -> bool:
        """Go one stage on; say whether there may be more to do."""
        if self._stage is _Stage.IDLE:
            self._stage = _Stage.HEAD
            self._deadline = self._now() + self._limits.head_s
        if self._stage is _Stage.HEAD and not self._take_head():
            return False
        head = self._head
        if self._stage is not _Stage.BODY or head is None:
            return False
        size = len(head.raw) + head.body_bytes
        if len(self._buffer) < size:
            return False
        whole = bytes(self._buffer[:size])
        del self._buffer[:size]
        return self._pass_on(head, whole)

    def _take_head(self) -> bool:
        end = self._buffer.find(HEAD_END) + len(HEAD_END)
        has_end = end >= len(HEAD_END)
        part = self._buffer[:end] if has_end else self._buffer
        judge_part(part, self._limits.line_bytes, self._limits.head_bytes)
        if not has_end:
            return False
        head = read_head(bytes(part), self._limits.body_bytes)
        crowded = self._welcome is not Welcome.OPEN
        if crowded and class_of(head.route) is not RouteClass.HEARTBEAT:
            self._refuse(_BUSY, _CROWDED)
            return False
        self._buffer[:end] = head.raw
        if head.wants_continue and len(self._buffer) == len(head.raw):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._head = head
        self._stage = _Stage.BODY
        self._deadline = self._now() + self._limits.body_s
        return True

    def _pass_on(self, head: Head, whole: bytes) -> bool:
        self._head = None
        kind = class_of(head.route)
        if not self._admission.may_ask(self._place, kind, self._now()):
            return self._put_off(head, _TOO_OFTEN, "too many requests come from there")
        if self._admission.begin(kind):
            self._kind, self._begun = kind, False
            self._stage, self._deadline = _Stage.ANSWERING, math.inf
            self._inner.data_received(whole)
            return False
        return self._put_off(head, _BUSY, "the server is busy; try again soon")

    def _put_off(self, head: Head, status: int, reason: str) -> bool:
        """Answer one request for the server; say whether there may be more to do."""
        if head.closes:
            self._refuse(status, reason)
            return False
        self._transport.write(_refusal(status, reason, self._limits.retry_s, ""))
        self._await_next()
        return True

    def _work_ended(self) -> None:
        if self._kind is not None:
            self._admission.end(self._kind)
            self._kind = None

    def _refuse(self, status: int, reason: str) -> None:
        """Answer and close, but let the client read that before it is reset."""
        closing = "Connection: close\r\n"
        self._transport.write(_refusal(status, reason, self._limits.retry_s, closing))
        self._buffer.clear()
        self._stage = _Stage.CLOSING
        self._deadline = self._now() + self._limits.farewell_s
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _close(self) -> None:
        self._stage = _Stage.CLOSING
        self._deadline = self._now() + self._limits.stall_s  # for what is unsent
        self._transport.close()


def telling_border(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that each connection hears when it is answered."""

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        crossing: Crossing = scope["state"][STATE_KEY]
        crossing.begun()
        try:
            await app(scope, receive, send)
        finally:
            crossing.answered()

    return tell


def _refusal(status: int, reason: str, retry_s: int, closing: str) -> bytes:
    body = msg.dump_json(msg.exception(reason))
    later = status in {_BUSY, _TOO_OFTEN}
    retry = f"Retry-After: {retry_s}\r\n" if later else ""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{retry}{closing}"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
