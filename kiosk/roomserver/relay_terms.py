"""
The words the relay's parts share: limits, a refusal, what is counted.

Times are in seconds; ages in the ring are in milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from kiosk.roomserver.networks import LOOPBACK, Networks, neighbourhood
from kiosk.rtmp.live_queue import QueueLimits


BAD_NAME: Final = "NetStream.Publish.BadName"
NOT_FOUND: Final = "NetStream.Play.StreamNotFound"
_CHECKS_PER_DEADLINE: Final = 4
_RING: Final = QueueLimits(video_age=500, audio_age=500, size_bytes=2 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class RelayLimits:
    """
    What the relay grants to whoever connects.

    Attributes:
        handshake_s: From the connection to an accepted publish or play.
        idle_s: A publisher that sends nothing for so long is cut.
        takeover_s: A publisher silent for so long loses its name to the next.
        write_stall_s: A subscriber that takes nothing for so long is cut.
        publisher_wait_s: How long a subscriber waits for a publisher.
        farewell_s: How long a closing connection may take its last bytes.
        idr_interval_s: A publisher is asked for an IDR no more often.
        connections: In all.
        connections_per_address: From one IP address outside ``proxies``; an IPv6 /64
            is one.
        proxies: Networks whose addresses stand for many clients, as this machine's do
            for all agents at its desk.
        subscribers_per_stream: Players of one stream.
        message_bytes: The largest message of an accepted publisher.
        send_buffer_bytes: SO_SNDBUF of a connection: what the kernel hides.
        unread_replies_bytes: Answers a peer may leave unread.
        ring: When a subscriber's ring loses to the next IDR (milliseconds).

    """

    handshake_s: float = 5.0
    idle_s: float = 15.0
    takeover_s: float = 3.0
    write_stall_s: float = 10.0
    publisher_wait_s: float = 30.0
    farewell_s: float = 1.0
    idr_interval_s: float = 0.2
    connections: int = 1024
    connections_per_address: int = 64
    proxies: tuple[str, ...] = LOOPBACK
    subscribers_per_stream: int = 16
    message_bytes: int = 4 * 1024 * 1024
    send_buffer_bytes: int = 64 * 1024
    unread_replies_bytes: int = 64 * 1024
    ring: QueueLimits = _RING

    @property
    def check_period_s(self) -> float:
        """How often deadlines are looked at."""
        shortest = min(
            self.handshake_s,
            self.idle_s,
            self.write_stall_s,
            self.publisher_wait_s,
            self.farewell_s,
        )
        return min(1.0, max(0.01, shortest / _CHECKS_PER_DEADLINE))


class Crowd:
    """Connections counted against the limits, in the TLS handshake and after it."""

    def __init__(self, limits: RelayLimits) -> None:
        self._limits = limits
        self._proxies = Networks(limits.proxies)
        self._in_all = 0
        self._by_place: Counter[str] = Counter()

    def came(self, address: str) -> bool:
        """Count one more from an address; False: there are too many."""
        place = self._place_of(address)
        self._in_all += 1
        self._by_place[place] += 1
        if self._in_all > self._limits.connections:
            return False
        share = self._limits.connections_per_address
        return not place or self._by_place[place] <= share

    def went(self, address: str) -> None:
        """Count one less; refused ones were counted as well."""
        self._in_all -= 1
        place = self._place_of(address)
        self._by_place[place] -= 1
        if not self._by_place[place]:
            del self._by_place[place]

    def _place_of(self, address: str) -> str:
        """Return what an address is counted by; empty: it is not."""
        return "" if address in self._proxies else neighbourhood(address)


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Why somebody may not publish or play.

    Attributes:
        reason: One line for the person at the other end; no secret.

    """

    reason: str


Permit: TypeAlias = Callable[[], str]
"""
The right of one connection, asked again as long as it lasts: why it must end now,
in one line without a secret, or an empty text while it may go on.
"""


Authorize: TypeAlias = Callable[[str, str, str], Permit | Refusal]
"""
From (app, name, query) to the right to it, asked about again while it is used, or
to why not. Must not block, nor may the permit.
"""


@dataclass(frozen=True, slots=True)
class StreamStats:
    """
    One stream at one moment.

    Attributes:
        is_live: It has a publisher.
        subscribers: Players attached, waiting ones included.
        received_bytes: Media payload since the stream was opened.
        sent_bytes: Handed to the network, all subscribers together.
        dropped_units: Thrown away by the subscribers' rings.
        silent_s: Since the last media of the publisher.

    """

    is_live: bool
    subscribers: int
    received_bytes: int
    sent_bytes: int
    dropped_units: int
    silent_s: float
