"""
Why the room server cannot be reached, as far as this machine can tell: link, address,
route and name, each apart and the first that is missing before the others.

Asks the kernel by ioctl and ``/proc`` for the network namespace this process is in,
and the resolver once; no packet goes to anybody else.  Codes: N001 no link, N002 no
address, N003 no route, N004 no such name.  A server that does not answer though all
of these are well is not ours to explain: its own error says so.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk.errors import words_of
from kiosk.ports import Probe
from kiosk.proxy import Proxy
from kiosk.roomclient.names import Names


NAME_S: Final = 3.0

_SIOCGIFFLAGS: Final = 0x8913  # linux/sockios.h
_SIOCGIFADDR: Final = 0x8915
_IF_INET6: Final = Path("/proc/net/if_inet6")
_LINK_LOCAL: Final = "20"
"""Scope of an address in ``if_inet6``: of one link, of no use to anybody afar."""
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING = 0x1, 0x8, 0x40  # linux/if.h
_ROUTES: Final = Path("/proc/net/route")
_ROUTES_6: Final = Path("/proc/net/ipv6_route")
_RESOLVERS: Final = Path("/etc/resolv.conf")
_NO_ROUTE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
_NAMESERVER: Final = re.compile(r"^\s*nameserver\s+([0-9A-Fa-f:.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """
    What lies between this machine and a server.

    Attributes:
        links: Interfaces but the loopback, and whether each carries.
        addresses: Of this machine, those that are of use elsewhere.
        route: Where the way out begins, or empty.
        name: Where the server is, or why its name is not known.
        code: Of the first that is missing, or empty.
        wrong: The same in words, or empty.
        cure: What a technician does about it.

    """

    links: tuple[tuple[str, bool], ...]
    addresses: tuple[str, ...]
    route: str
    name: str
    code: str = ""
    wrong: str = ""
    cure: str = ""

    @property
    def reason(self) -> str:
        """Why the server cannot be reached, with a code, or empty."""
        return f"{self.code} {self.wrong}; {self.cure}" if self.wrong else ""

    def probe(self) -> Probe:
        """Return all of it as a technician reads it."""
        up = [f"{name} up" for name, carries in self.links if carries]
        told = [
            ", ".join(up or [f"{name} down" for name, _ in self.links]) or "no link",
            ", ".join(self.addresses) or "no address",
            self.route or "no route",
            self.name,
        ]
        wrong = f"{self.code} {self.wrong}" if self.wrong else ""
        return Probe("; ".join(told), wrong, self.cure)


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NetworkTruth:
    """
    Looks at the way to one server, or to the proxy that leads to it.

    Args:
        url: The server's.
        proxy: Is gone through, if it leads there: who looks names up then is it.
        resolve: Looks names up; by default the system does.
        name_s: So long the resolver is waited for.

    """

    def __init__(
        self,
        url: str,
        resolve: Resolve | None = None,
        name_s: float = NAME_S,
        proxy: Proxy | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._whose = "server"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        if proxy is not None and proxy.leads_to(self._host):
            self._whose, self._host, self._port = "proxy", proxy.host, proxy.port
        self._resolve = resolve or Names().addresses
        self._name_s = name_s

    async def look(self) -> NetworkFacts:
        """Look at all of it, within ``name_s``."""
        links, own, route = links_of(), tuple(addresses()), default_route()
        found, unfound = await self._addresses()
        name = f"{self._whose} at {', '.join(found)}" if found else unfound
        facts = NetworkFacts(links, own, route, name)
        if not any(up for _, up in links) and not _are_here(found):
            return _missing(facts, "N001", *_no_link(links))
        if not own and not _are_here(found):
            cure = "see to the DHCP server, or set an address of its own"
            return _missing(facts, "N002", "the network gave no address", cure)
        there = [one for one in found or resolvers() if has_route(one, self._port)]
        is_stub = not found and not route and all(map(_is_loopback, there))
        if not there or is_stub:
            where = f"to {found[0]}" if found else "out of this network"
            cure = "see to the gateway that DHCP or the network file names"
            return _missing(facts, "N003", f"no route {where}", cure)
        if not found:
            cure = f"see to the DNS server ({', '.join(resolvers()) or 'none is set'})"
            return _missing(facts, "N004", unfound, cure)
        return facts

    async def _addresses(self) -> tuple[Sequence[str], str]:
        """Return the addresses of server or proxy, or none and why."""
        try:
            async with asyncio.timeout(self._name_s):
                return await self._resolve(self._host, self._port), ""
        except TimeoutError:
            return (), f"no answer to the name {self._host} in {self._name_s:g} s"
        except OSError as error:
            return (), f"the name {self._host} is not known: {words_of(error)}"


def addresses() -> list[str]:
    """Return this machine's addresses but those of no use elsewhere."""
    names = [name for _, name in socket.if_nameindex()]
    old = [address for name in names if (address := _ipv4(name))]
    return [one for one in (*old, *_ipv6()) if not one.startswith("127.")]


def _ipv4(interface: str) -> str:
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return ""  # it has none
    return socket.inet_ntoa(answer[20:24])


def _ipv6() -> list[str]:
    try:
        lines = _IF_INET6.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    found = [line.split() for line in lines]
    return [
        socket.inet_ntop(socket.AF_INET6, bytes.fromhex(one[0]))
        for one in found
        if one[3] not in {_LINK_LOCAL, "10"}
    ]


def links_of() -> tuple[tuple[str, bool], ...]:
    """Return the interfaces but the loopback, and whether each carries."""
    found: list[tuple[str, bool]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            request = struct.pack("16sH22x", name.encode()[:15], 0)
            try:
                answer = fcntl.ioctl(asking.fileno(), _SIOCGIFFLAGS, request)
            except OSError:
                continue  # it went away meanwhile
            (flags,) = struct.unpack_from("H", answer, 16)
            if not flags & _IFF_LOOPBACK:
                carries = flags & _IFF_UP and flags & _IFF_RUNNING
                found.append((name, bool(carries)))
    return tuple(found)


def default_route() -> str:
    """Return the gateway of the default route, or nothing."""
    for line in _lines(_ROUTES)[1:]:
        _, destination, gateway, flags = line.split()[:4]
        if destination == "00000000" and int(flags, 16) & 1:  # RTF_UP
            by = socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
            return f"by {by}"
    for line in _lines(_ROUTES_6):
        fields = line.split()
        if set(fields[0] + fields[1]) == {"0"} and fields[9] != "lo":
            by = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(fields[4]))
            return f"by {by}"
    return ""


def has_route(address: str, port: int) -> bool:
    """Say whether the kernel knows a way to an address; nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((address, port))
    except OSError as error:
        return error.errno not in _NO_ROUTE
    return True


def resolvers(path: Path = _RESOLVERS) -> tuple[str, ...]:
    """Return the DNS servers that are set."""
    return tuple(_NAMESERVER.findall("\n".join(_lines(path))))


def _missing(facts: NetworkFacts, code: str, wrong: str, cure: str) -> NetworkFacts:
    known = facts.links, facts.addresses, facts.route, facts.name
    return NetworkFacts(*known, code, wrong, cure)


def _no_link(links: tuple[tuple[str, bool], ...]) -> tuple[str, str]:
    if not links:
        return "this machine has no network interface", "plug its adapter in"
    names = ", ".join(name for name, _ in links)
    return f"no link on {names}", "plug the network cable in, or see to the Wi-Fi"


def _are_here(found: Sequence[str]) -> bool:
    """Whether the server is on this machine: it needs no network."""
    return bool(found) and all(map(_is_loopback, found))


def _is_loopback(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
