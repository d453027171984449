"""Which addresses a rule is for: a short list of networks."""

from __future__ import annotations

import asyncio
import ipaddress


LOOPBACK = ("127.0.0.0/8", "::1/128")
_THIS_MACHINE = "127.0.0.1"
_ONE_HOST_V6 = 64
"""An IPv6 host chooses the other bits of its address as it likes."""


class Networks:
    """
    A set of IP networks; ``address in networks`` takes text.

    Raises:
        ValueError: On construction, naming the text that is no network.

    """

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._networks = tuple(ipaddress.ip_network(text) for text in texts)

    def __contains__(self, address: str) -> bool:
        """Say whether an address lies in one of them; nonsense does not."""
        parsed = _parsed(address)
        return parsed is not None and any(parsed in one for one in self._networks)


def neighbourhood(address: str) -> str:
    """Return what is counted as one place: an IPv4 address, or an IPv6 /64."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _ONE_HOST_V6), strict=False))
    return str(parsed or address)


def host_of(text: str) -> str:
    """Return an IP address as we write it; empty: the text is none."""
    parsed = _parsed(text)
    return "" if parsed is None else str(parsed)


def caller(transport: asyncio.BaseTransport) -> str:
    """Return who is at the other end; of this machine, loopback; empty: unknown."""
    theirs, ours = (
        str((transport.get_extra_info(name) or [""])[0])
        for name in ("peername", "sockname")
    )
    # Who calls an address of his own machine calls from that very address.
    return _THIS_MACHINE if theirs and theirs == ours else theirs


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
