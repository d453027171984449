"""
One connection to a recorder: publishes what the relay hears of one stream.

The recorder is a stranger that may be slow, mute or gone, and nobody waits for
it: media go through a ring of their own, which loses to the next IDR, and the
relay's loop only ever copies.  What the recorder's machine confirmed is read from
the kernel, for RTMP's own acknowledgements come once in megabytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from kiosk.errors import WireError
from kiosk.roomserver.recorder_terms import RecorderLimits
from kiosk.roomserver.relay_outlet import tune
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import (
    AudioTag,
    ClientEvent,
    Ended,
    MediaEvent,
    Publishing,
    Refused,
    VideoTag,
)
from kiosk.rtmp.live_queue import Kind, LiveQueue


_TIMESTAMPS: Final = 1 << 32
_TCP_INFO_BYTES: Final = 128
_ACKED_OFFSET: Final = 120  # tcpi_bytes_acked, since Linux 4.1


class RecorderLink(asyncio.Protocol):
    """
    The connection, from TCP to its end; a ``Listener`` of the relay once live.

    Args:
        client: Speaks RTMP, unconnected.
        want_idr: Asks the stream's publisher for an IDR.

    Attributes:
        published: Done when the recorder took the stream; fails if it did not.
        over: Done when the connection is, with the reason.
        sent_bytes: Media handed to the network.

    """

    def __init__(
        self,
        client: PublishClient,
        limits: RecorderLimits,
        want_idr: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.published: asyncio.Future[None] = loop.create_future()
        self.over: asyncio.Future[str] = loop.create_future()
        self.sent_bytes = 0
        self._client = client
        self._limits = limits
        self._want_idr = want_idr
        self._now = loop.time
        self._transport: asyncio.Transport | None = None
        self._ring: LiveQueue[MediaEvent] = LiveQueue(limits.ring)
        self._paused_at: float | None = None
        self._first_ms: int | None = None
        self._confirmed = 0
        self._confirmed_at: float | None = None

    @property
    def dropped_units(self) -> int:
        """Media thrown away."""
        return self._ring.drops.total

    @property
    def is_acknowledged(self) -> bool:
        """Whether the recorder confirmed media a moment ago."""
        at = self._confirmed_at
        return at is not None and self._now() - at <= self._limits.acknowledged_s

    # -- what asyncio calls -------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to speak."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        tune(transport.get_extra_info("socket"), self._limits.send_buffer_bytes)
        transport.set_write_buffer_limits(high=1)  # as an Outlet does
        self._flush()

    @override
    def data_received(self, data: bytes) -> None:
        """Read what the recorder says; any nonsense ends the connection."""
        try:
            events = self._client.feed(data)
        except WireError as error:
            self._end(f"not RTMP: {error}")
            return
        self._flush()
        for event in events:
            self._react(event)

    @override
    def pause_writing(self) -> None:
        """Let the ring keep what comes."""
        self._paused_at = self._now()

    @override
    def resume_writing(self) -> None:
        """Send what the ring kept, or what is left of it."""
        self._paused_at = None
        self._drain()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, whoever it came from."""
        self._finish(str(exc) if exc else "the recorder closed the connection")

    # -- what the relay calls -----------------------------------------------

    def hear(self, kind: Kind, event: MediaEvent) -> None:
        """Take a unit and send what the recorder takes."""
        self._ring.put(self._now_ms(), kind, len(event.payload), event)
        self._drain()

    def begin_anew(self) -> None:
        """End: what follows is another stream, for another recording."""
        self._end("another publisher took the stream over")

    # -- what the tee calls ---------------------------------------------------

    def look(self) -> None:
        """Find out what was confirmed; a recorder that takes nothing is left."""
        if self._transport is None or self.over.done():
            return
        sock = self._transport.get_extra_info("socket")
        if sock is None:  # TLS is lost, and connection_lost comes in a moment
            return
        confirmed = _confirmed_bytes(sock)
        if confirmed > self._confirmed and self.sent_bytes:
            self._confirmed_at = self._now()
        self._confirmed = confirmed
        stalled = self._paused_at
        if stalled is not None and self._now() - stalled > self._limits.stall_s:
            self._end(f"the recorder takes nothing for {self._limits.stall_s:g} s")

    def close(self) -> None:
        """Say goodbye, so that the recorder ends its recording; repeatable."""
        if not self.over.done():
            self._client.close()
            self._flush()
            self._finish("closed")
            if self._transport is not None:
                self._transport.close()

    # -- inside ---------------------------------------------------------------

    def _react(self, event: ClientEvent) -> None:
        match event:
            case Publishing():
                if not self.published.done():
                    self.published.set_result(None)
            case Refused(code, description):
                self._end(f"refused: {code} {description}".rstrip())
            case Ended(code):
                self._end(f"ended by the recorder: {code}")
            case _:
                pass  # it may ask for an IDR: it gets one with the first media

    def _drain(self) -> None:
        now_ms = self._now_ms()
        while self._paused_at is None and not self.over.done():
            event = self._ring.get(now_ms)
            if event is None:
                break
            self._send(event)
        if self._paused_at is None and self._ring.take_idr_wanted():
            self._want_idr()

    def _send(self, event: MediaEvent) -> None:
        if self._first_ms is None:
            self._first_ms = event.timestamp_ms
        at = (event.timestamp_ms - self._first_ms) % _TIMESTAMPS
        if at > _TIMESTAMPS // 2:
            at = 0  # sound that was a little older than the first picture
        match event:
            case VideoTag():
                self._client.send_video(at, event.payload)
            case AudioTag():
                self._client.send_audio(at, event.payload)
            case _:
                return  # sizes and rates: a recorder reads them off the media
        self.sent_bytes += len(event.payload)
        self._flush()

    def _flush(self) -> None:
        if self._transport is None or self.over.done():
            return
        outgoing = self._client.bytes_to_send()
        if outgoing:
            self._transport.write(outgoing)

    def _end(self, reason: str) -> None:
        self._finish(reason)
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(reason)
        if not self.published.done():
            self.published.set_exception(ConnectionError(reason))
            self.published.exception()  # whoever waited may be gone

    def _now_ms(self) -> int:
        return int(self._now() * 1000)


def _confirmed_bytes(sock: socket.socket) -> int:
    """Return how many bytes the other machine confirmed so far."""
    kernel = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return int(struct.unpack_from("=Q", kernel, _ACKED_OFFSET)[0])
