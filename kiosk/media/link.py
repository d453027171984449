"""
One TCP (or TLS) connection to a relay, with a deadline on everything.

The socket never blocks: all waiting is done by :class:`Waiting`, so that
:meth:`Link.cancel` ends it at once, also while connecting.

A unit is sent whole or the link ends: nobody may continue after a partial
message, so :meth:`Link.send` either returns after the last byte or raises and
leaves the link unusable.

Errors of the system are mapped here, once.  No message carries the query of a
URL, where the keys are.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from typing import TypeAlias

from kiosk.errors import MediaError, StreamEnded, StreamRefused, StreamStalled
from kiosk.media.dialling import (
    NOT_KNOWN_THERE,
    Dialling,
    LinkLimits,
    asks_for_certificate,
)
from kiosk.media.flow import Reading
from kiosk.media.resolver import Resolver
from kiosk.media.waiting import TO_READ, TO_WRITE, Waiting
from kiosk.proxy import Proxy
from kiosk.rtmp.url import RtmpUrl


_READ_BYTES = 65_536
_DRAIN_READS = 512
"""A socket's buffer holds 6 MB at most, and a read takes 16 KiB of TLS."""
_TCP_INFO_BYTES = 192
# of linux/tcp.h: tcpi_ca_state, packets unacked, sacked and lost, tcpi_rtt in
# microseconds, tcpi_bytes_acked, tcpi_notsent_bytes
_TCP_INFO = struct.Struct("=x B 22x III 32x I 48x Q 16x I")
_AGAIN, _LONGEST_PATIENCE_S = 2.5, 4.0  # round trips, and what they may amount to
_TIMED_OUT = 4  # TCP_CA_Loss: everything is to be sent once more


class Link:
    """
    A connection used by one thread, and cancelled from any.

    The constructor does no I/O but makes a wake-up descriptor: always close.
    """

    def __init__(
        self,
        url: RtmpUrl,
        resolver: Resolver,
        *,
        limits: LinkLimits,
        tls: ssl.SSLContext | None = None,
        beat: Callable[[], None] = lambda: None,
        proxy: Proxy | None = None,
    ) -> None:
        self._url = url
        self._send_s = self._patience_s = limits.send_s
        self._waiting = Waiting(beat)
        self._dialling = Dialling(
            url, resolver, self._waiting, limits=limits, tls=tls, proxy=proxy
        )
        self._sock: socket.socket | None = None
        self._was_idle = True
        self._arrived_bytes = 0
        self._arrived_at = time.monotonic()

    @property
    def url(self) -> RtmpUrl:
        """Where it leads."""
        return self._url

    @property
    def name(self) -> str:
        """The URL as it may be logged."""
        return self._url.redacted

    @property
    def start_left_s(self) -> float:
        """How much of the start deadline is left; negative when over."""
        return self._dialling.left_s

    @property
    def is_cancelled(self) -> bool:
        """Whether the end is our own doing."""
        return self._waiting.is_cancelled

    def dial(self) -> None:
        """
        Connect; the start deadline began with the construction.

        Raises:
            StreamStalled: Not within the start deadline.
            StreamEnded: No address could be reached, or cancelled.
            StreamRefused: The certificate is not to be trusted.

        """
        self._sock = self._dialling.connected()

    def send(self, payload: bytes) -> None:
        """
        Send all of it.

        The deadline counts from the last sign that the other side reads: with
        a narrow stream a full buffer alone would come seconds later.

        Raises:
            StreamStalled: Not taken within the send deadline.
            StreamEnded: The connection is gone, or cancelled.

        """
        rest = memoryview(payload)
        deadline: float | None = None
        while rest:
            sent, waits_for = self._write(rest)
            rest = rest[sent:]
            if sent:
                deadline = None
                continue
            if deadline is None:
                self.measure()
                deadline = self._arrived_at + self._patience_s
            if not self._wait(waits_for, deadline - time.monotonic()):
                if waits_for == TO_READ:
                    raise self._send_stalled()
                deadline = None  # TLS takes nothing before all: see what arrived

    def receive(self, within_s: float) -> bytes:
        """
        Return what came, or nothing after the time given (0: do not wait).

        Raises:
            StreamEnded: The other side closed, the connection broke, cancelled.

        """
        waits_for = TO_READ
        if within_s <= 0 or isinstance(self._sock, ssl.SSLSocket):
            # TLS may hold what the socket no longer does
            received, waits_for = self._read()
            if received or within_s <= 0:
                return received
        if not self._wait(waits_for, within_s):
            return b""
        return self._read()[0]

    def measure(self) -> Reading:
        """
        Return the backlog and what the kernel knows of the path.

        Raises:
            StreamStalled: Nothing of the backlog was acknowledged within the
                send deadline: the other side has stopped reading.
            StreamEnded: The connection is gone.

        """
        sock = self._open_socket()
        try:
            queued = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
            kernel = sock.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES
            )
        except OSError as exc:
            raise self._broken(exc) from None
        backlog = int(struct.unpack("=i", queued)[0])
        reading = _reading(backlog, kernel)
        self._watch(reading)
        return reading

    def cancel(self) -> None:
        """End every wait of the link, now and later; any thread."""
        self._waiting.cancel()

    def close(self) -> None:
        """Release the socket; by the thread that uses it, safe to repeat."""
        if self._sock is not None:
            # unread bytes would turn the close into a reset, losing a goodbye
            with contextlib.suppress(MediaError):
                drain(lambda: self._read()[0])
            self._sock.close()
        self._sock = None
        self._waiting.close()

    def start_stalled(self, phase: str) -> StreamStalled:
        """Return the error for a start that took too long."""
        return self._dialling.stalled(phase)

    def _watch(self, reading: Reading) -> None:
        """Notice when nothing arrives any more, be it behind a gap."""
        now = time.monotonic()
        arrived_bytes = reading.acked_bytes + reading.passed_bytes
        # where nothing was under way, nothing could arrive
        was_idle, self._was_idle = self._was_idle, reading.backlog_bytes == 0
        if was_idle or self._was_idle or arrived_bytes != self._arrived_bytes:
            self._arrived_bytes = arrived_bytes
            self._arrived_at = now
            return
        # what was lost in a long queue comes after the whole of it once more
        again_s = _AGAIN * reading.rtt_us / 1_000_000
        self._patience_s = max(self._send_s, min(again_s, _LONGEST_PATIENCE_S))
        if now - self._arrived_at > self._patience_s:
            raise self._send_stalled()

    def _send_stalled(self) -> StreamStalled:
        self._forget_unsent()
        return StreamStalled(
            f"{self.name}: took nothing more for {self._patience_s:.1f} s"
        )

    def _forget_unsent(self) -> None:
        """Let the close be a reset: what is late must not arrive after all."""
        at_once = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self._open_socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def _write(self, payload: memoryview) -> tuple[int, int]:
        """Return bytes taken, and what to wait for if none were."""
        try:
            return self._open_socket().send(payload), TO_WRITE
        except ssl.SSLWantReadError:
            return 0, TO_READ
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0, TO_WRITE
        except OSError as exc:
            raise self._broken(exc) from None

    def _read(self) -> tuple[bytes, int]:
        """Return what is there, and what to wait for if nothing is."""
        try:
            received = self._open_socket().recv(_READ_BYTES)
        except ssl.SSLWantWriteError:
            return b"", TO_WRITE
        except (BlockingIOError, ssl.SSLWantReadError):
            return b"", TO_READ
        except OSError as exc:
            raise self._broken(exc) from None
        if not received:
            raise StreamEnded(f"{self.name}: the relay closed the connection")
        return received, TO_READ

    def _wait(self, events: int, within_s: float) -> bool:
        """Wait for the socket; False when time is over. Raises if cancelled."""
        ready = self._waiting.wait(self._open_socket(), events, within_s)
        if self._waiting.is_cancelled:
            raise self._ended_by_us()
        return ready

    def _open_socket(self) -> socket.socket:
        if self._sock is None:
            raise self._ended_by_us()
        return self._sock

    def _broken(self, exc: OSError) -> StreamEnded | StreamStalled | StreamRefused:
        if isinstance(exc, StreamEnded | StreamStalled):
            return exc
        if asks_for_certificate(exc):  # TLS 1.3: told after the handshake
            return StreamRefused(f"{self.name}: {NOT_KNOWN_THERE} ({exc.reason})")
        reason = exc.strerror or type(exc).__name__
        if isinstance(exc, TimeoutError):
            return StreamStalled(f"{self.name}: {reason}")
        return StreamEnded(f"{self.name}: {reason}")

    def _ended_by_us(self) -> StreamEnded:
        return StreamEnded(f"{self.name}: closed by us")


def drain(read: Callable[[], bytes]) -> None:
    """Take what had come by now, and leave a relay alone that sends for ever."""
    for _ in range(_DRAIN_READS):
        if not read():
            return


def _reading(backlog_bytes: int, kernel: bytes) -> Reading:
    state, unacked, sacked, lost, rtt_us, acked, unsent = _TCP_INFO.unpack_from(kernel)
    passed = sacked if state == _TIMED_OUT else min(unacked, sacked + lost)
    under_way = max(0, backlog_bytes - unsent)
    return Reading(
        backlog_bytes=backlog_bytes,
        rtt_us=rtt_us,
        acked_bytes=acked,
        # the kernel counts packets: so much of the bytes
        passed_bytes=under_way * passed // unacked if unacked else 0,
        unsent_bytes=unsent,
    )


MakeLink: TypeAlias = Callable[[RtmpUrl, Callable[[], None]], Link]
"""From a URL and a progress counter to a link that is not yet dialled."""
