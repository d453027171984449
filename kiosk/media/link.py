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
import os
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.errors import MediaError, StreamEnded, StreamRefused, StreamStalled
from kiosk.media.qos import Reading
from kiosk.media.resolver import Address, Resolver
from kiosk.media.waiting import TO_READ, TO_WRITE, Waiting
from kiosk.rtmp.url import RtmpUrl


_READ_BYTES = 65_536
_TCP_INFO_BYTES = 192
_RTT_OFFSET = 68  # tcpi_rtt, u32 microseconds (linux/tcp.h)
_ACKED_OFFSET = 120  # tcpi_bytes_acked, u64


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """
    Deadlines and sizes of a link.

    Attributes:
        start_s: Name, connect, TLS and RTMP up to the running stream.
        address_s: One address of several.
        send_s: One message; a peer that takes longer has stopped reading.
        send_buffer_bytes: SO_SNDBUF. The default hides seconds of backlog.
        user_timeout_ms: TCP_USER_TIMEOUT: unacknowledged for so long is dead.

    """

    start_s: float = 3.0
    address_s: float = 1.5
    send_s: float = 4.0
    send_buffer_bytes: int = 65_536
    user_timeout_ms: int = 5_000


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
    ) -> None:
        self._url = url
        self._resolver = resolver
        self._limits = limits
        self._tls = tls
        self._waiting = Waiting(beat)
        self._sock: socket.socket | None = None
        self._start_by = time.monotonic() + limits.start_s

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
        return self._start_by - time.monotonic()

    @property
    def is_cancelled(self) -> bool:
        """Whether the end is our own doing."""
        return self._waiting.is_cancelled

    def dial(self) -> None:
        """
        Connect, and shake hands for TLS where the URL says so.

        Raises:
            StreamStalled: Not within the start deadline.
            StreamEnded: No address could be reached, or cancelled.
            StreamRefused: The certificate is not to be trusted.

        """
        self._start_by = time.monotonic() + self._limits.start_s
        reason = "the name has no address"
        for address in self._addresses():
            try:
                self._sock = self._connect(address)
            except MediaError:
                raise
            except OSError as exc:
                reason = exc.strerror or str(exc)
                continue
            if self._url.is_secure:
                self._secure(self._sock)
            return
        raise StreamEnded(f"{self.name}: cannot be reached: {reason}")

    def send(self, payload: bytes) -> None:
        """
        Send all of it.

        Raises:
            StreamStalled: Not taken within the send deadline.
            StreamEnded: The connection is gone, or cancelled.

        """
        rest = memoryview(payload)
        deadline = time.monotonic() + self._limits.send_s
        while rest:
            sent, waits_for = self._write(rest)
            rest = rest[sent:]
            if not sent and not self._wait(waits_for, deadline - time.monotonic()):
                raise StreamStalled(
                    f"{self.name}: took nothing more for {self._limits.send_s:.1f} s"
                )

    def receive(self, within_s: float) -> bytes:
        """
        Return what came, or nothing after the time given (0: do not wait).

        Raises:
            StreamEnded: The other side closed, the connection broke, cancelled.

        """
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
        return Reading(
            backlog_bytes=int(struct.unpack("=i", queued)[0]),
            rtt_us=int(struct.unpack_from("=I", kernel, _RTT_OFFSET)[0]),
            acked_bytes=int(struct.unpack_from("=Q", kernel, _ACKED_OFFSET)[0]),
        )

    def cancel(self) -> None:
        """End every wait of the link, now and later; any thread."""
        self._waiting.cancel()

    def close(self) -> None:
        """Release the socket; by the thread that uses it, safe to repeat."""
        if self._sock is not None:
            # unread bytes would turn the close into a reset, losing a goodbye
            with contextlib.suppress(StreamEnded, StreamStalled):
                while self._read()[0]:
                    pass
            self._sock.close()
        self._sock = None
        self._waiting.close()

    def start_stalled(self, phase: str) -> StreamStalled:
        """Return the error for a start that took too long."""
        limit = self._limits.start_s
        return StreamStalled(f"{self.name}: no answer within {limit:.1f} s ({phase})")

    def _addresses(self) -> list[Address]:
        try:
            found = self._resolver.addresses(
                self._url.host,
                self._url.port,
                self.start_left_s,
                self._waiting.given_up,
            )
        except TimeoutError:
            if self._waiting.is_cancelled:
                raise self._ended_by_us() from None
            raise self.start_stalled("name lookup") from None
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise StreamEnded(f"{self.name}: unknown host: {reason}") from None
        return list(found)

    def _connect(self, address: Address) -> socket.socket:
        family, target = address
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._tune(sock)
            with contextlib.suppress(BlockingIOError):
                sock.connect(target)
            self._await_connection(sock)
        except OSError:
            sock.close()
            raise
        return sock

    def _await_connection(self, sock: socket.socket) -> None:
        within_s = min(self._limits.address_s, self.start_left_s)
        if self._waiting.wait(sock, TO_WRITE, within_s):
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            return
        if self._waiting.is_cancelled:
            raise self._ended_by_us()
        if self.start_left_s <= 0:
            raise self.start_stalled("connect")
        raise OSError("no connection in time")

    def _tune(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.send_buffer_bytes
        )
        sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._limits.user_timeout_ms
        )

    def _secure(self, sock: socket.socket) -> None:
        context = self._tls or ssl.create_default_context()
        try:
            wrapped = context.wrap_socket(
                sock, server_hostname=self._url.host, do_handshake_on_connect=False
            )
            self._sock = wrapped
            while (waits_for := _shake_hands(wrapped)) is not None:
                if not self._wait(waits_for, self.start_left_s):
                    raise self.start_stalled("TLS")
        except ssl.SSLCertVerificationError as exc:
            raise StreamRefused(
                f"{self.name}: its certificate is not trusted: {exc.verify_message}; "
                "name the CA file of the relay in the configuration"
            ) from None
        except MediaError:
            raise
        except OSError as exc:
            raise StreamEnded(f"{self.name}: TLS failed: {exc.strerror}") from None

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

    def _broken(self, exc: OSError) -> StreamEnded | StreamStalled:
        if isinstance(exc, StreamEnded | StreamStalled):
            return exc
        reason = exc.strerror or type(exc).__name__
        if isinstance(exc, TimeoutError):
            return StreamStalled(f"{self.name}: {reason}")
        return StreamEnded(f"{self.name}: {reason}")

    def _ended_by_us(self) -> StreamEnded:
        return StreamEnded(f"{self.name}: closed by us")


MakeLink: TypeAlias = Callable[[RtmpUrl, Callable[[], None]], Link]
"""From a URL and a progress counter to a link that is not yet dialled."""


def _shake_hands(sock: ssl.SSLSocket) -> int | None:
    """Return what the TLS handshake waits for, None once it is over."""
    try:
        sock.do_handshake()
    except ssl.SSLWantReadError:
        return TO_READ
    except ssl.SSLWantWriteError:
        return TO_WRITE
    return None
