"""Which addresses a rule is for: a short list of networks."""

from __future__ import annotations

import ipaddress


LOOPBACK = ("127.0.0.0/8", "::1/128")


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
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self._networks)
