"""
A device's fixed address: from its cells to a NetworkManager keyfile.

A row says ``ip`` with its ``prefix`` (``10.1.2.30/24``, or a column ``prefix`` or
``netmask``), ``gateway``, ``dns``, and where the branch needs it ``interface`` and
``vlan``.  Without ``ip`` the device asks DHCP and no file is written.

Pure.  Source of the format: nm-settings-keyfile(5), NetworkManager 1.52.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


COLUMNS: Final = ("ip", "prefix", "netmask", "gateway", "dns", "interface", "vlan")
FILE: Final = "network/kiosk.nmconnection"

_SPACE = uuid.UUID("b5a1f5a0-6c67-4d3c-9d0c-8d7b5f2e4a11")
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_PARTS = re.compile(r"[|;, ]+")
_MAX_VLAN = 4094
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Interface: TypeAlias = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class BadCell(ValueError):
    """A cell of the network's columns is wrong; ``column`` says which."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True, slots=True)
class Wire:
    """
    How a device is connected.

    Attributes:
        address: With the length of its network's prefix.
        gateway: The way out of that network, if any.
        dns: Servers of names, the best one first.
        interface: By default whichever is wired.
        vlan: The tag of its frames, if any.

    """

    address: _Interface
    gateway: _Address | None = None
    dns: tuple[_Address, ...] = ()
    interface: str = ""
    vlan: int | None = None


def wire_of(cells: Mapping[str, str]) -> Wire | None:
    """
    Return how a row connects its device; None: by DHCP.

    Args:
        cells: Text by the names of :data:`COLUMNS`; what is not there is empty.

    Raises:
        BadCell: One of them is wrong, or does not go with another.

    """
    if not cells.get("ip"):
        for column in COLUMNS:
            if cells.get(column):
                raise BadCell(column, "needs an ip in the same row")
        return None
    address = _address(cells)
    gateway = _one("gateway", cells.get("gateway", ""))
    if gateway is not None and gateway not in address.network:
        raise BadCell("gateway", f"cannot be reached: it is not in {address.network}")
    if gateway == address.ip:
        raise BadCell("gateway", "is the device's own ip")
    names = [part for part in _PARTS.split(cells.get("dns", "")) if part]
    servers = [found for part in names if (found := _one("dns", part))]
    if any(one.version != address.version for one in servers):
        raise BadCell("dns", f"must be IPv{address.version} as the ip is")
    return Wire(address, gateway, tuple(servers), _interface(cells), _vlan(cells))


def keyfile(wire: Wire, serial: str) -> str:
    """Return a connection as NetworkManager reads it."""
    return "\n".join(_keyfile(wire, serial)) + "\n"


def _keyfile(wire: Wire, serial: str) -> Iterator[str]:
    kind = "ethernet" if wire.vlan is None else "vlan"
    yield "[connection]"
    yield "id=kiosk"
    yield f"uuid={uuid.uuid5(_SPACE, serial)}"
    yield f"type={kind}"
    if wire.interface and wire.vlan is None:
        yield f"interface-name={wire.interface}"
    yield "autoconnect-priority=10"  # before the one that comes with the image
    if wire.vlan is not None:
        yield from ("", "[vlan]", f"id={wire.vlan}", f"parent={wire.interface}")
    version = wire.address.version
    own, other = ("ipv4", "ipv6") if version == 4 else ("ipv6", "ipv4")  # noqa: PLR2004 -- IPv4
    yield from ("", f"[{own}]", "method=manual")
    way = f",{wire.gateway}" if wire.gateway else ""
    yield f"address1={wire.address}{way}"
    if wire.dns:
        yield f"dns={''.join(f'{one};' for one in wire.dns)}"
    yield from (
        "",
        f"[{other}]",
        "method=auto" if other == "ipv6" else "method=disabled",
    )


def _address(cells: Mapping[str, str]) -> _Interface:
    text = cells["ip"]
    given = [name for name in ("prefix", "netmask") if cells.get(name)]
    if "/" in text:
        given.insert(0, "ip")
    if not given:
        reason = "needs the length of its network's prefix, e.g. 10.1.2.30/24"
        raise BadCell("ip", reason)
    if len(given) > 1:
        raise BadCell(given[1], f"says again what {given[0]} says; leave one out")
    length = "" if given[0] == "ip" else "/" + cells[given[0]].removeprefix("/")
    if _one("ip", text.partition("/")[0]) is None:
        raise BadCell("ip", "is no address, e.g. 10.1.2.30/24")
    try:
        address = ipaddress.ip_interface(text + length)
    except ValueError:
        column, example = given[0], {"netmask": "255.255.255.0"}.get(given[0], "24")
        raise BadCell(column, f"is no length of a prefix, e.g. {example}") from None
    if address.ip.is_loopback or address.ip.is_multicast or address.ip.is_unspecified:
        raise BadCell("ip", "is no address that a device can have")
    ends = (address.network.network_address, address.network.broadcast_address)
    if address.network.num_addresses > len(ends) and address.ip in ends:
        raise BadCell("ip", f"is the first or last of {address.network}: no device's")
    return address


def _one(column: str, text: str) -> _Address | None:
    if not text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise BadCell(column, "is no address, e.g. 10.1.2.1") from None


def _interface(cells: Mapping[str, str]) -> str:
    text = cells.get("interface", "")
    if text and not _INTERFACE.fullmatch(text):
        raise BadCell("interface", "is no network interface, e.g. eth0")
    if not text and cells.get("vlan"):
        raise BadCell("vlan", "needs the interface it runs on, e.g. eth0")
    return text


def _vlan(cells: Mapping[str, str]) -> int | None:
    text = cells.get("vlan", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:5]) <= _MAX_VLAN):
        raise BadCell("vlan", f"must be from 1 to {_MAX_VLAN}")
    return int(text)
