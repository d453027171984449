"""
What goes out to one connection: answers at once, media through a ring.

The transport buffers nothing of its own accord: it pauses us at the first
byte the kernel does not take, and the ring then decides what is still worth
sending.  Answers pass the ring by, so the unread ones are counted.
"""

from __future__ import annotations

import socket
from asyncio import WriteTransport
from collections.abc import Callable
from typing import Final

from kiosk.roomserver.relay_terms import RelayLimits
from kiosk.rtmp.live_queue import Kind, LiveQueue


_USER_TIMEOUT_MS: Final = 10_000


class Outlet:
    """
    The sending half of a connection.

    Attributes:
        paused_at: Loop time since which the peer takes nothing, None if it does.
        sent_bytes: Media handed to the network.
        is_closed: Nothing is sent any more.

    """

    def __init__(
        self,
        transport: WriteTransport,
        limits: RelayLimits,
        clock: Callable[[], float],
    ) -> None:
        self.paused_at: float | None = None
        self.sent_bytes = 0
        self.is_closed = False
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._ring: LiveQueue[bytes] = LiveQueue(limits.ring)
        self._unread_bytes = 0
        # not 0: TLS transports would then pause an empty buffer, for ever
        transport.set_write_buffer_limits(high=1)

    @property
    def dropped_units(self) -> int:
        """Media thrown away by the ring."""
        return self._ring.drops.total

    def answer(self, outgoing: bytes) -> bool:
        """Send at once; False if too much of that is unread already."""
        if self.paused_at is not None:
            self._unread_bytes += len(outgoing)
            if self._unread_bytes > self._limits.unread_replies_bytes:
                return False
        if outgoing and not self.is_closed:
            self._transport.write(outgoing)
        return True

    def offer(self, kind: Kind, packed: bytes) -> None:
        """Take media into the ring and send what the network takes."""
        self._ring.put(self._now_ms(), kind, len(packed), packed)
        self._drain()

    def pause(self) -> None:
        """Let the ring keep what comes."""
        self.paused_at = self._clock()

    def resume(self) -> None:
        """Send what the ring kept, or what is left of it."""
        self.paused_at = None
        self._unread_bytes = 0
        self._drain()

    def restart(self) -> None:
        """Forget what the ring kept: another stream follows, or none."""
        self._ring.restart()

    def take_idr_wanted(self) -> bool:
        """
        Say once that this peer needs an IDR to go on.

        Not while it takes nothing: the IDR would only cost the others.
        """
        return self.paused_at is None and self._ring.take_idr_wanted()

    def _drain(self) -> None:
        now_ms = self._now_ms()
        while self.paused_at is None and not self.is_closed:
            packed = self._ring.get(now_ms)
            if packed is None:
                return
            self.sent_bytes += len(packed)
            self._transport.write(packed)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def tune(sock: socket.socket, send_buffer_bytes: int) -> None:
    """Trade throughput for freshness."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
