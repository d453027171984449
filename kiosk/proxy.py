"""
A way out through the site's HTTP proxy: whom it is for, the question, its answer.

1. Every connection is a tunnel (``CONNECT``, RFC 9110, 9.3.6), plain HTTP and RTMP too:
   the proxy sees host and port and passes bytes on.
2. The name goes to the proxy as it is: a branch need not be able to look it up.
3. What comes behind the head of the answer is the server's, and is left in the socket.

Nothing waits here: whoever connects has a deadline for all of it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final


MAX_HEAD_BYTES: Final = 8192

_END: Final = b"\r\n\r\n"
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n")
_HOST: Final = re.compile(r"[!-~]{1,255}")
_SUCCESS: Final = range(200, 300)
_NOT_KNOWN_THERE, _FORBIDDEN = 407, 403
_PASSING: Final = range(500, 600)


class ProxyRefused(OSError):
    """
    The proxy does not lead to the server; the text names it, and the cure.

    Attributes:
        passes: Whether another try may do, with nobody mending anything.

    """

    def __init__(self, reason: str, *, passes: bool) -> None:
        super().__init__(reason)
        self.passes = passes


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    The site's proxy.

    Attributes:
        host: Its name or address, IPv6 without brackets.
        port: Its TCP port.
        user: As whom it is asked; empty: as nobody.
        password: Of that user.
        direct: Hosts with all below them, addresses and ranges it is not asked for.

    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    direct: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Host and port as a URL has them."""
        return _joined(self.host, self.port)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"the proxy {self.address}"

    def leads_to(self, host: str) -> bool:
        """Say whether connections to a host go this way; asks no resolver."""
        name = host.lower().rstrip(".")
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            is_here = name == "localhost"
            return not is_here and not any(_is_below(name, one) for one in self.direct)
        ranges = [known for one in self.direct if (known := _range(one))]
        return not address.is_loopback and not any(address in one for one in ranges)


class Asking:
    """
    One question for a way to one server.

    Args:
        proxy: Is asked.
        host: Of the server, as it stands in the URL.
        port: Of the server.

    Raises:
        ProxyRefused: That is no host one can ask for.

    """

    def __init__(self, proxy: Proxy, host: str, port: int) -> None:
        if not _HOST.fullmatch(host):
            raise ProxyRefused(
                "a host name with other letters than ASCII", passes=False
            )
        self._proxy = proxy
        self._server = _joined(host, port)
        self._head = bytearray()

    @property
    def question(self) -> bytes:
        """The bytes to send; they may hold the password."""
        proxy = self._proxy
        lines = [f"CONNECT {self._server} HTTP/1.1", f"Host: {self._server}"]
        if proxy.user:
            proof = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {proof}")
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def is_answered(self, sock: socket.socket) -> bool:
        """
        Read what there is of the answer's head, and no byte more.

        Returns:
            False as long as more is to come: wait until the socket is readable.

        Raises:
            ProxyRefused: The answer is no, or none.
            OSError: The connection broke.

        """
        try:
            seen = sock.recv(MAX_HEAD_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        if not seen:
            raise self._refused("hung up before it answered", passes=True)
        held = len(self._head)
        end = bytes(self._head + seen).find(_END)
        taken = len(seen) if end < 0 else end + len(_END) - held
        self._head += sock.recv(taken)
        if len(self._head) > MAX_HEAD_BYTES:
            raise self._refused("answers without end", passes=False)
        if end >= 0:
            self._judge()
        return end >= 0

    def _judge(self) -> None:
        match = _STATUS.match(self._head)
        if match is None:
            cure = "speaks no HTTP; is [network] proxy right?"
            raise self._refused(cure, passes=False)
        status = int(match[1])
        if status not in _SUCCESS:
            raise refusal(self._proxy, status, self._server)

    def _refused(self, told: str, *, passes: bool) -> ProxyRefused:
        return ProxyRefused(f"{self._proxy.name} {told}", passes=passes)


def refusal(proxy: Proxy, status: int, server: str) -> ProxyRefused:
    """
    Return the error for a proxy that says no.

    Args:
        proxy: Says so.
        status: Of its answer.
        server: Host and port it was asked for.

    """
    told = f"{proxy.name} answers HTTP {status}: {_cure_of(status, server)}"
    return ProxyRefused(told, passes=status in _PASSING)


def _cure_of(status: int, server: str) -> str:
    if status == _NOT_KNOWN_THERE:
        return (
            "it wants another [network] proxy_user, or another password in the "
            "credential kiosk.network.proxy_password"
        )
    if status == _FORBIDDEN:
        return f"its rules must permit CONNECT to {server}"
    if status in _PASSING:
        return f"it cannot reach {server}; see that it knows the name and may go there"
    return f"it must permit CONNECT to {server}; is [network] proxy right?"


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_below(name: str, direct: str) -> bool:
    domain = direct.lower().strip(".")
    return name == domain or name.endswith(f".{domain}")


def _range(direct: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(direct, strict=False)
    except ValueError:
        return None
