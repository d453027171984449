"""
From a stream URL to a connected socket, all within one deadline.

Name, TCP, a proxy's answer and TLS take what is left of the start deadline; how an
address is reached is said in :mod:`kiosk.media.reaching`.  The socket that comes out never
blocks.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TypeGuard

from kiosk.errors import MediaError, StreamEnded, StreamRefused, StreamStalled
from kiosk.media.reaching import Reaching
from kiosk.media.resolver import Address, Resolver
from kiosk.media.waiting import TO_READ, TO_WRITE, Waiting
from kiosk.proxy import Asking, Proxy, ProxyRefused
from kiosk.rtmp.url import RtmpUrl
from kiosk.small_segments import keep_small
from kiosk.tls import trouble_of, trusting


_WANTS_ANOTHER = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")
"""Alerts of a peer that asked for our certificate (RFC 8446, 6.2)."""

NOT_KNOWN_THERE = (
    "the relay asks who we are and takes no certificate of ours; see [network] "
    "certificate and key"
)


def asks_for_certificate(exc: OSError) -> TypeGuard[ssl.SSLError]:
    """Say whether a peer ended the connection because of *our* certificate."""
    reason = exc.reason or "" if isinstance(exc, ssl.SSLError) else ""
    return any(alert in reason for alert in _WANTS_ANOTHER)


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """
    Deadlines and sizes of a link.

    Attributes:
        start_s: Name, connect, TLS and RTMP up to the running stream.
        another_s: Without an answer for so long, one more attempt to connect is
            begun beside, at the next address in turn.
        send_s: Between two signs that what was sent arrives.
        send_buffer_bytes: SO_SNDBUF. The default hides seconds of backlog.
        user_timeout_ms: TCP_USER_TIMEOUT: unacknowledged for so long is dead.
        plain_anywhere: Whether rtmp:// may leave this machine; rtmps:// always may.

    """

    start_s: float = 3.0
    another_s: float = 0.25  # RFC 8305, 8
    send_s: float = 1.0
    send_buffer_bytes: int = 65_536
    user_timeout_ms: int = 5_000
    plain_anywhere: bool = False


class Dialling:
    """One attempt to connect; its deadline begins with the object."""

    def __init__(
        self,
        url: RtmpUrl,
        resolver: Resolver,
        waiting: Waiting,
        *,
        limits: LinkLimits,
        tls: ssl.SSLContext | None,
        proxy: Proxy | None = None,
    ) -> None:
        self._url = url
        self._proxy = proxy if proxy and proxy.leads_to(url.host) else None
        self._resolver = resolver
        self._waiting = waiting
        self._limits = limits
        self._tls = tls
        self._start_by = time.monotonic() + limits.start_s

    @property
    def left_s(self) -> float:
        """How much of the start deadline is left; negative when over."""
        return self._start_by - time.monotonic()

    def stalled(self, phase: str) -> StreamStalled:
        """Return the error for a start that took too long."""
        limit = self._limits.start_s
        return StreamStalled(
            f"{self._url.redacted}: no answer within {limit:.1f} s ({phase})"
        )

    def connected(self) -> socket.socket:
        """
        Return a connected socket, TLS established where the URL asks for it.

        Raises:
            StreamStalled: Not within the start deadline.
            StreamEnded: No address could be reached, or cancelled.
            StreamRefused: The certificate is not to be trusted, plain RTMP would
                leave this machine, or the proxy says no.

        """
        try:
            proxy = self._proxy
            sock = self._led_by(proxy) if proxy else self._connect(self._addresses())
        except MediaError:
            raise
        except ProxyRefused as exc:
            kind = StreamEnded if exc.passes else StreamRefused
            raise kind(f"{self._url.redacted}: {exc}") from None
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise StreamEnded(
                f"{self._url.redacted}: cannot be reached: {reason}"
            ) from None
        return self._secured(sock) if self._url.is_secure else sock

    def _led_by(self, proxy: Proxy) -> socket.socket:
        self._permitted([])
        asking = Asking(proxy, self._url.host, self._url.port)
        sock = self._connect(self._found(proxy.host, proxy.port))
        try:
            # Into the empty buffer of a new connection it goes whole.
            sock.send(asking.question)
            self._wait_for(asking, sock, proxy.name)
        except BaseException:
            sock.close()
            raise
        return sock

    def _wait_for(self, asking: Asking, sock: socket.socket, name: str) -> None:
        while not asking.is_answered(sock):
            if not self._waiting.wait(sock, TO_READ, self.left_s):
                raise self._not_in_time(name)

    def _addresses(self) -> list[Address]:
        found = self._found(self._url.host, self._url.port)
        return self._permitted(found)

    def _found(self, host: str, port: int) -> list[Address]:
        try:
            return list(
                self._resolver.addresses(
                    host, port, self.left_s, self._waiting.given_up
                )
            )
        except TimeoutError:
            raise self._not_in_time("name lookup") from None
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise StreamEnded(f"{self._url.redacted}: unknown host: {reason}") from None

    def _permitted(self, found: list[Address]) -> list[Address]:
        relays = [address for address in found if _may_be_a_relay(address)]
        if found and not relays:
            raise StreamRefused(
                f"{self._url.redacted}: leads to {found[0][1][0]}, where no relay can "
                "be; see to the address that the room server gives out"
            )
        return self._kept_here(relays)

    def _kept_here(self, found: list[Address]) -> list[Address]:
        if self._url.is_secure or self._limits.plain_anywhere:
            return found
        here = [address for address in found if _is_loopback(address)]
        if self._proxy or (found and not here):
            raise StreamRefused(
                f"{self._url.redacted}: plain RTMP may not leave this machine; "
                "use an rtmps:// relay, or set [network] insecure = true"
            )
        return here

    def _connect(self, addresses: list[Address]) -> socket.socket:
        limits = self._limits
        reaching = Reaching(addresses, self._waiting, lambda sock: _tune(sock, limits))
        sock = reaching.first(self.left_s, limits.another_s)
        if sock is None:
            raise self._not_in_time("connect")
        return sock

    def _secured(self, sock: socket.socket) -> ssl.SSLSocket:
        try:
            context = self._tls or trusting()
            wrapped = context.wrap_socket(
                sock, server_hostname=self._url.host, do_handshake_on_connect=False
            )
        except OSError as exc:
            sock.close()
            raise self._tls_failed(exc) from None
        try:
            while (waits_for := _shake_hands(wrapped)) is not None:
                if not self._waiting.wait(wrapped, waits_for, self.left_s):
                    raise self._not_in_time("TLS")
        except OSError as exc:
            wrapped.close()
            if isinstance(exc, MediaError):
                raise
            raise self._tls_failed(exc) from None
        return wrapped

    def _tls_failed(self, exc: OSError) -> StreamRefused | StreamEnded:
        name = self._url.redacted
        if isinstance(exc, ssl.SSLCertVerificationError):
            return StreamRefused(f"{name}: {trouble_of(exc)}")
        if asks_for_certificate(exc):
            return StreamRefused(f"{name}: {NOT_KNOWN_THERE} ({exc.reason})")
        if isinstance(exc, ssl.SSLError):
            return StreamEnded(f"{name}: {trouble_of(exc)}")
        return StreamEnded(f"{name}: TLS failed: {exc.strerror or exc}")

    def _not_in_time(self, phase: str) -> StreamStalled | StreamEnded:
        if self._waiting.is_cancelled:
            return StreamEnded(f"{self._url.redacted}: closed by us")
        return self.stalled(phase)


def _tune(sock: socket.socket, limits: LinkLimits) -> None:
    sock.settimeout(0)
    keep_small(sock)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer_bytes)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.user_timeout_ms)


def _shake_hands(sock: ssl.SSLSocket) -> int | None:
    """Return what the TLS handshake waits for, None once it is over."""
    try:
        sock.do_handshake()
    except ssl.SSLWantReadError:
        return TO_READ
    except ssl.SSLWantWriteError:
        return TO_WRITE
    return None


def _is_loopback(address: Address) -> bool:
    return _ip(address).is_loopback


def _may_be_a_relay(address: Address) -> bool:
    """Refuse what a room server might send us to: metadata services, everybody."""
    ip = _ip(address)
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified)


def _ip(address: Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    _, target = address
    ip = ipaddress.ip_address(str(target[0]).partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip
