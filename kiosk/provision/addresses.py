"""Addresses in a network connection: whether they make sense, and which to expect."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from kiosk.provision.keyfile import Finding, Keyfile


_FAMILIES: Final = ("ipv4", "ipv6")
_METHODS: Final = {
    "ipv4": ("auto", "manual", "disabled", "link-local"),
    "ipv6": ("auto", "dhcp", "manual", "disabled", "ignore", "link-local"),
}
_ADDRESS = re.compile(r"address(es)?[0-9]*")
_EXAMPLE = {"ipv4": "address1=10.1.2.30/24,10.1.2.1", "ipv6": "address1=fd00::30/64"}


def address_findings(file: Keyfile) -> Iterator[Finding]:
    """Yield what is wrong with the addresses of a connection."""
    for family in _FAMILIES:
        if family not in file.groups:
            continue
        method = file.get(family, "method")
        if method and method not in _METHODS[family]:
            text = f"must be one of {', '.join(_METHODS[family])}"
            yield _finding(file, family, "method", text)
        if method == "manual" and not any(_addresses(file, family)):
            text = f"needs an address below it; e.g. {_EXAMPLE[family]}"
            yield _finding(file, family, "method", text)
        for key, value in _addresses(file, family):
            yield from _one_address(file, family, key, value)
        for key in ("gateway", "dns"):
            for text in _listed(file.get(family, key)):
                if _ip(text, family) is None:
                    words = f"must be an address; e.g. {key}=10.1.2.1"
                    yield _finding(file, family, key, words)


def expected(file: Keyfile) -> str:
    """Return in words how a device gets its address by a connection."""
    told: list[str] = []
    for family in _FAMILIES:
        method = file.get(family, "method")
        fixed = [value.partition(",")[0] for _, value in _addresses(file, family)]
        if fixed:
            told.append(", ".join(fixed))
        elif method in {"auto", "dhcp"} or (not method and family == "ipv4"):
            told.append("by DHCP" if family == "ipv4" else "IPv6 by itself")
    return "; ".join(told) or "none"


def _addresses(file: Keyfile, family: str) -> Iterator[tuple[str, str]]:
    for key, value in file.groups.get(family, {}).items():
        if not _ADDRESS.fullmatch(key):
            continue
        parts = value.text.split(";") if key == "addresses" else [value.text]
        yield from ((key, part) for part in parts if part.strip())


def _one_address(file: Keyfile, family: str, key: str, value: str) -> Iterator[Finding]:
    text, _, gateway = value.partition(",")
    try:
        interface = ipaddress.ip_interface(text.strip())
        right = "/" in text and f"ipv{interface.version}" == family
    except ValueError:
        interface, right = None, False
    if interface is None or not right:
        words = (
            f"must be ADDRESS/PREFIX or ADDRESS/PREFIX,GATEWAY; e.g. {_EXAMPLE[family]}"
        )
        yield _finding(file, family, key, words)
        return
    gateway = gateway.strip() or file.get(family, "gateway")
    way = _ip(gateway, family) if gateway else None
    if gateway and way is None:
        yield _finding(file, family, key, "has a gateway that is no address")
    elif way is not None and way not in interface.network and not way.is_link_local:
        words = f"cannot reach the gateway {way}: it is not in {interface.network}"
        yield _finding(file, family, key, words)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;,]", text) if part.strip()]


def _ip(text: str, family: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("#")[0])
    except ValueError:
        return None
    return found if f"ipv{found.version}" == family else None


def _finding(file: Keyfile, group: str, key: str, text: str) -> Finding:
    line, column = file.at(group, key)
    return Finding(line, column, f"[{group}] {key}: {text}")
