"""Leads the media's streams through the simulator's network cable."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from typing_extensions import override

from kiosk.config.values import is_loopback
from kiosk.media.resolver import Address, Resolver
from kiosk.simulator.cable import HOST, Cable


class CabledResolver(Resolver):
    """
    Finds servers on this machine at the cable, and others where they are.

    Args:
        cable: Leads to them.

    """

    def __init__(self, cable: Cable) -> None:
        super().__init__()
        self._cable = cable

    @override
    def addresses(
        self, host: str, port: int, within_s: float, given_up: Callable[[], bool]
    ) -> Sequence[Address]:
        """Return the addresses of a host, best first; as of :class:`Resolver`."""
        found = super().addresses(host, port, within_s, given_up)
        for _, (address, *_) in found:
            if is_loopback(address):
                return [(socket.AF_INET, (HOST, self._cable.port_to(address, port)))]
        return found
