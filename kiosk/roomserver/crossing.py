"""
One connection at the border: a request is collected, answered, and the next taken.

A request is collected whole, in time and within limits, before the application
sees it; it then answers at once, or in a task of its own where it has to wait, one
at a time for a connection, and the answer leaves in one piece.  Every refusal closes,
but that of a busy server.  A body without Content-Length is refused: no client of RTCRoom sends one.  Nothing
here knows a room or a user.

There is no HTTP library below (the architecture has uvicorn there): none has these
deadlines (``reliability.md`` finding 7), so all was read here already, and reading
it a second time was over half of what a heartbeat cost (``tests/bench``,
``request_cost``) and most of the memory of a connection that only waits.

Nor does llhttp read the heads (``httptools`` 0.6.4 and 0.9, measured): it takes 3 us
for one and :mod:`.request_head` 8, but almost every head is the one before it on its
connection, which is 0.1 us to see; and of 22 heads that are refused here it lets six
pass (two Hosts or none, two Authorizations, a whole URL, any number of headers, blank
lines before), so that most of our checks would stay beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable
from enum import Enum, auto
from typing import Final, cast
from urllib.parse import unquote

from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.roomserver.admission import RouteClass, Welcome, class_of
from kiosk.roomserver.border import Border
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest, packed
from kiosk.roomserver.request_head import (
    HEAD_END,
    TIMED_OUT,
    Head,
    HeadRefused,
    judge_part,
    read_head,
)


log = logging.getLogger(__name__)

_BUSY: Final = 503
_TOO_OFTEN: Final = 429
_BROKEN: Final = 500
_CROWDED: Final = "too many connections; try again later"


class _Stage(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWERING = auto()
    """Until the client took the answer."""
    CLOSING = auto()


class Crossing(asyncio.Protocol):
    """One connection at the border."""

    __slots__ = (
        *("_address", "_admission", "_border", "_buffer", "_deadline", "_discarded"),
        *("_head", "_is_proxy", "_last", "_limits", "_now", "_place", "_stage"),
        *("_stalled_at",),
        *("_task", "_transport", "_unsent", "_welcome"),
    )
    _transport: asyncio.Transport

    def __init__(self, border: Border) -> None:
        self._border = border
        self._limits = border.limits
        self._admission = border.admission
        self._now = asyncio.get_running_loop().time
        self._address = self._place = ""
        self._is_proxy = False
        self._welcome = Welcome.OPEN
        self._stage = _Stage.IDLE
        self._deadline = math.inf
        self._stalled_at = math.inf
        self._unsent = 0
        self._buffer = bytearray()
        self._head: Head | None = None
        self._last: tuple[bytes, Head] | None = None
        self._task: asyncio.Task[None] | None = None
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
        self._is_proxy = self._border.forwarding.trusts(self._address)
        self._border.entered(self)
        self._deadline = self._now() + self._limits.head_s
        self._welcome = self._admission.connected(self._address)
        if self._welcome is Welcome.REFUSED:
            self._refuse(_BUSY, _CROWDED)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stage = _Stage.CLOSING
        self._border.left(self, self._task)
        self._admission.disconnected(self._address)

    @override
    def data_received(self, data: bytes) -> None:
        """Collect; pass a request on when it is whole."""
        if self._stage is _Stage.CLOSING:
            self._discarded += len(data)
            if self._discarded > self._limits.discard_bytes:
                self._transport.abort()
            return
        if self._last is not None and data.startswith(self._last[0]):
            raw, head = self._last
            whole = len(data) == len(raw) + head.body_bytes and not self._buffer
            if whole and self._stage is _Stage.IDLE:  # and like the last: as most are
                self._pass_on(head, data[len(raw) :])
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

    @override
    def resume_writing(self) -> None:
        """Note that the client took all."""
        self._stalled_at = math.inf
        if self._stage is _Stage.ANSWERING and self._task is None:
            self._await_next()
            self._collect()

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

    def close_soon(self) -> None:
        """Close, but answer first what was asked."""
        if self._task is None and self._stage is not _Stage.CLOSING:
            self._close()

    def abort(self) -> None:
        """Close at once; what was asked is not answered."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

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
        """Go one request on; say whether there may be more to do."""
        head = self._head or self._take_head()
        if head is None:
            return False
        if len(self._buffer) < head.body_bytes:
            self._await_rest(_Stage.BODY, self._limits.body_s)
            return False
        body = bytes(self._buffer[: head.body_bytes])
        del self._buffer[: head.body_bytes]
        return self._pass_on(head, body)

    def _take_head(self) -> Head | None:
        """Read the head once it is whole and the client may go on."""
        end = self._buffer.find(HEAD_END) + len(HEAD_END)
        if end < len(HEAD_END):
            judge_part(self._buffer, self._limits.line_bytes, self._limits.head_bytes)
            self._await_rest(_Stage.HEAD, self._limits.head_s)
            return None
        head = self._read_head(bytes(self._buffer[:end]))
        crowded = self._welcome is not Welcome.OPEN
        if crowded and class_of(head.route) is not RouteClass.HEARTBEAT:
            self._refuse(_BUSY, _CROWDED)
            return None
        del self._buffer[:end]
        if head.wants_continue and not self._buffer:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._head = head
        return head

    def _await_rest(self, stage: _Stage, patience_s: float) -> None:
        if self._stage is not stage:
            self._stage = stage
            self._deadline = self._now() + patience_s

    def _read_head(self, raw: bytes) -> Head:
        if self._last is not None and self._last[0] == raw:
            return self._last[1]  # heartbeats and polls of a member differ in nothing
        judge_part(raw, self._limits.line_bytes, self._limits.head_bytes)
        head = read_head(raw, self._limits.body_bytes)
        self._last = raw, head
        return head

    def _pass_on(self, head: Head, body: bytes) -> bool:
        self._head = None
        kind = class_of(head.route)
        address = self._client_of(head)
        place = self._admission.place_of(address) if self._is_proxy else self._place
        if not self._admission.may_ask(place, kind, self._now()):
            return self._put_off(head, _TOO_OFTEN, "too many requests come from there")
        if not self._admission.begin(kind):
            return self._put_off(head, _BUSY, "the server is busy; try again soon")
        self._stage, self._deadline = _Stage.ANSWERING, math.inf
        try:
            answer = self._border.app(_request(head, body, address))
        except Exception as error:  # noqa: BLE001 -- the end of the line for this request
            answer = _broken(error)
        if isinstance(answer, HttpAnswer):
            self._border.answered_at_once(kind)
            self._send_off(head, answer)
        else:
            waiting = self._wait_for(answer, head, kind)
            self._task = asyncio.get_running_loop().create_task(waiting)
        return False

    def _client_of(self, head: Head) -> str:
        """Return whose request it is, as far as anybody is believed."""
        if self._is_proxy:
            return self._border.forwarding.client_of(head.forwarded_for)
        if head.is_forwarded:
            return self._border.somebody_behind(self._address)
        return self._address

    async def _wait_for(
        self, coming: Awaitable[HttpAnswer], head: Head, kind: RouteClass
    ) -> None:
        try:
            answer = await coming
        except Exception as error:  # noqa: BLE001 -- the end of the line for this request
            answer = _broken(error)
        finally:
            self._admission.end(kind)
            self._task = None
        if self._stage is _Stage.ANSWERING:  # else the client is gone
            self._send_off(head, answer)

    def _send_off(self, head: Head, answer: HttpAnswer) -> None:
        last = head.closes or self._welcome is not Welcome.OPEN
        closes = last or self._border.is_closing
        self._send(answer, head_only=head.method == "HEAD", closes=closes)
        if closes:
            self._close()
        elif self._stalled_at == math.inf:
            self._await_next()
            if self._buffer:  # others' requests come before this client's next one
                asyncio.get_running_loop().call_soon(self.data_received, b"")

    def _put_off(self, head: Head, status: int, reason: str) -> bool:
        """Answer one request for the server; say whether there may be more to do."""
        if head.closes:
            self._refuse(status, reason)
            return False
        answer = _refusal(status, reason, self._limits.retry_s)
        self._send(answer, head_only=head.method == "HEAD")
        self._await_next()
        return True

    def _refuse(self, status: int, reason: str) -> None:
        """Answer and close, but let the client read that before it is reset."""
        self._send(_refusal(status, reason, self._limits.retry_s), closes=True)
        self._buffer.clear()
        self._stage = _Stage.CLOSING
        self._deadline = self._now() + self._limits.farewell_s
        if self._transport.can_write_eof():
            # A plain socket's shutdown fails where the client went just now.
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def _send(
        self, answer: HttpAnswer, *, head_only: bool = False, closes: bool = False
    ) -> None:
        date = self._border.date
        self._transport.write(packed(answer, date, head_only=head_only, closes=closes))

    def _close(self) -> None:
        self._stage = _Stage.CLOSING
        self._deadline = self._now() + self._limits.stall_s  # for what is unsent
        self._transport.close()


def _request(head: Head, body: bytes, address: str) -> HttpRequest:
    path = unquote(head.path) if "%" in head.path else head.path
    return HttpRequest(
        head.method,
        path,
        head.query,
        body,
        head.content_type,
        head.authorization,
        address,
        head.fields,
        head.request_id,
    )


def _broken(error: Exception) -> HttpAnswer:
    log.error("request failed", exc_info=error)
    return _refusal(_BROKEN, "internal error")


def _refusal(status: int, reason: str, retry_s: int = 0) -> HttpAnswer:
    later = status in {_BUSY, _TOO_OFTEN}
    headers = (("Retry-After", str(retry_s)),) if later else ()
    wire = msg.exception(reason)
    return HttpAnswer(msg.dump_json(wire), status=status, headers=headers)
