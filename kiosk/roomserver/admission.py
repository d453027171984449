"""
Who is let in when too many come: connections by address, requests by class.

Pure counting, one process's.  Heartbeats have a budget of their own, so that a crowd of other
requests never makes the server forget a living member; long polls have one,
because they stay.  Above a limit only heartbeats are still served, at twice the
limit nothing is (``reliability.md`` 5.1, S12).  One address may ask only so often
(S11, S14), heartbeats apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from kiosk.roomserver.networks import LOOPBACK, Networks, neighbourhood
from kiosk.roomserver.pace import Pace


class RouteClass(Enum):
    """What a request competes with."""

    HEARTBEAT = auto()
    POLL = auto()
    ORDINARY = auto()

    __hash__ = object.__hash__
    """There is one of each; Enum's own hash is a call in Python."""


class Welcome(Enum):
    """How a new connection is received."""

    OPEN = auto()
    HEARTBEATS_ONLY = auto()
    REFUSED = auto()


HEARTBEATS: Final = frozenset({"pusher_heartbeat", "healthz", "readyz"})
POLLS: Final = frozenset({"get_msg", "wait_events", "queue_seat", "longpolling"})
BURST_S: Final = 5.0
"""A burst may be so many seconds' worth of requests."""
_HARD = 2


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """
    How many at once.

    Attributes:
        connections: In all.
        descriptors: What the system grants for them; no connection is kept above.
        connections_per_address: From one IP address outside ``proxies``.
        requests_per_address: A second, from one of those.
        proxies: Networks whose addresses stand for many clients.
        ordinary: Requests in work; one takes about 0.25 ms.
        polls: Long polls held.
        heartbeats: Heartbeats in work.

    """

    connections: int = 12_288
    descriptors: int = 2 * 12_288
    connections_per_address: int = 64
    requests_per_address: float = 200.0
    proxies: tuple[str, ...] = LOOPBACK
    ordinary: int = 256
    polls: int = 8192
    heartbeats: int = 8192


def class_of(route: str) -> RouteClass:
    """Return what the last part of a path competes with."""
    if route in HEARTBEATS:
        return RouteClass.HEARTBEAT
    return RouteClass.POLL if route in POLLS else RouteClass.ORDINARY


class Admission:
    """Counts connections and requests in work against their limits."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._proxies = Networks(limits.proxies)
        per_s = limits.requests_per_address
        self._pace = Pace(per_s, burst=per_s * BURST_S)
        self._connections = 0
        self._by_place: Counter[str] = Counter()
        self._working: Counter[RouteClass] = Counter()
        self._budget = {
            RouteClass.HEARTBEAT: limits.heartbeats,
            RouteClass.POLL: limits.polls,
            RouteClass.ORDINARY: limits.ordinary,
        }

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return self._connections

    def connected(self, address: str) -> Welcome:
        """Count a connection, whatever becomes of it, and say how it is received."""
        self._connections += 1
        place = self.place_of(address)
        self._by_place[place] += 1
        excess = self._connections / self._limits.connections
        if place:
            share = self._by_place[place] / self._limits.connections_per_address
            excess = max(excess, share)
        if excess > _HARD or self._connections > self._limits.descriptors:
            return Welcome.REFUSED
        return Welcome.HEARTBEATS_ONLY if excess > 1 else Welcome.OPEN

    def disconnected(self, address: str) -> None:
        """Forget a connection counted before."""
        self._connections -= 1
        place = self.place_of(address)
        self._by_place[place] -= 1
        if not self._by_place[place]:
            del self._by_place[place]

    def place_of(self, address: str) -> str:
        """Return what an address is counted by; empty: it is not."""
        return "" if address in self._proxies else neighbourhood(address)

    def may_ask(self, place: str, kind: RouteClass, now: float) -> bool:
        """Count a request from a place; say whether it comes not too often."""
        if kind is RouteClass.HEARTBEAT or not place:
            return True
        return self._pace.allows(place, now)

    def begin(self, kind: RouteClass) -> bool:
        """Count a request into its class, or say that the class is full."""
        if self._working[kind] >= self._budget[kind]:
            return False
        self._working[kind] += 1
        return True

    def end(self, kind: RouteClass) -> None:
        """Forget a request counted before."""
        self._working[kind] -= 1
