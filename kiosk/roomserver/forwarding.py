"""
Whose address a request has when something stands between the client and us.

Pure.  An address decides who may speak v1, who is given a userSig for the asking,
who sees the operators' pages, and who asks too often.  Rules:

1. ``X-Forwarded-For`` is read only where a trusted proxy sends it, from its end:
   what stands before the first address that is no trusted proxy was written by
   whoever liked to.
2. Whoever comes through a trusted proxy is never this machine, nor a proxy: without
   a readable address he is :data:`UNKNOWN`, which is in no network.
3. A request with any such header from somebody else came through a proxy that nobody
   named.  Its sender is not taken for that proxy, which may stand on this very
   machine: he is in no network either, but counted with it.
"""

from __future__ import annotations

from kiosk.roomserver.networks import LOOPBACK, Networks, host_of, neighbourhood


INSIDE = "inside"
"""Who asks from this very process, which no socket, header or network can say."""
UNKNOWN = "unknown"
"""No network holds it; all who have it are counted as one place."""


class Forwarding:
    """
    What is believed of forwarding headers.

    Args:
        trusted: The networks of trusted proxies.

    """

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = Networks(trusted)
        self._here = Networks(LOOPBACK)

    def trusts(self, peer: str) -> bool:
        """Say whether a connection is a trusted proxy's."""
        return peer in self._trusted

    def client_of(self, forwarded_for: str) -> str:
        """Return whom a trusted proxy speaks for."""
        for hop in reversed(forwarded_for.split(",")):
            address = host_of(hop.strip())
            if address and self.trusts(address):
                continue
            return UNKNOWN if not address or address in self._here else address
        return UNKNOWN


def somebody_behind(peer: str) -> str:
    """Return who comes through a proxy that is not trusted."""
    return f"via {neighbourhood(peer)}"
