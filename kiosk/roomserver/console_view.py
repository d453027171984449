"""
What operators may see of a room server at one moment: values, gathered here.

Reads the tables and changes nothing.  No key, token or URL is among it; stream
names are, which open nothing without a key.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.room.room_types import RoomType
from kiosk.roomserver.access import Traffic
from kiosk.roomserver.fleet import Fleet, Kiosk
from kiosk.roomserver.recorder_terms import TeeStats
from kiosk.roomserver.relay_terms import StreamStats
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.spaces import id_of
from kiosk.roomserver.store_ledger import StoreLoad


_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member: who, since which event, and how long not heard."""

    user_id: str
    epoch: int
    silent_s: float
    stream: str


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room and who is in it."""

    room_type: str
    room_id: str
    label: str
    members: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream and what flows, in bits a second since the last look."""

    name: str
    stats: StreamStats
    received_bps: float
    sent_bps: float
    tee: TeeStats | None = None
    """How its recording goes, where it is recorded."""


@dataclass(frozen=True, slots=True)
class ServerView:
    """Everything at one moment; ``now`` is monotonic seconds."""

    now: float
    rooms: tuple[RoomView, ...]
    streams: tuple[StreamView, ...]
    kiosks: tuple[Kiosk, ...]
    polls: int
    traffic: Traffic
    store: StoreLoad
    beside: Mapping[str, float] = field(default_factory=dict[str, float])
    """What neighbours in the process count, by name."""

    @property
    def silent_kiosks(self) -> int:
        """How many kiosks should have been heard long ago."""
        return sum(kiosk.is_silent(self.now) for kiosk in self.kiosks)


@dataclass(frozen=True, slots=True)
class ProcessView:
    """What the operating system says of this process."""

    resident_bytes: int
    cpu_s: float
    descriptors: int


class StreamRates:
    """Bit rates out of byte counters, between two looks."""

    def __init__(
        self,
        streams: Callable[[], Mapping[str, StreamStats]],
        tees: Callable[[], Mapping[str, TeeStats]],
    ) -> None:
        self._streams = streams
        self._tees = tees
        self._last: dict[str, tuple[float, int, int]] = {}
        self._rates: dict[str, tuple[float, float]] = {}

    def look(self, now: float) -> None:
        """Take the counters of this moment; every few seconds."""
        rates: dict[str, tuple[float, float]] = {}
        counters = {
            name: (now, stats.received_bytes, stats.sent_bytes)
            for name, stats in self._streams().items()
        }
        for name, (_, received, sent) in counters.items():
            at, old_received, old_sent = self._last.get(name, (now, received, sent))
            if now > at:
                rates[name] = (
                    (received - old_received) * 8 / (now - at),
                    (sent - old_sent) * 8 / (now - at),
                )
        self._last, self._rates = counters, rates

    def views(self) -> tuple[StreamView, ...]:
        """Return all streams by name."""
        tees = self._tees()
        return tuple(
            StreamView(name, stats, *self._rates.get(name, (0.0, 0.0)), tees.get(name))
            for name, stats in sorted(self._streams().items())
        )


class Viewer:
    """Gathers a :class:`ServerView` from the tables of a server."""

    def __init__(
        self,
        rooms: Rooms,
        fleet: Fleet,
        rates: StreamRates,
        polls: Callable[[], int],
        *,
        traffic: Traffic,
        store: Callable[[], StoreLoad],
    ) -> None:
        self._rooms = rooms
        self._fleet = fleet
        self._rates = rates
        self._polls = polls
        self._traffic = traffic
        self._store = store
        self._beside: dict[str, Callable[[], Mapping[str, float]]] = {}

    def count(self, name: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Show, too, what a neighbour in the process counts."""
        self._beside[name] = read

    def look(self) -> ServerView:
        """Return everything at this moment."""
        now = self._fleet.now()
        return ServerView(
            now=now,
            rooms=tuple(self._room_views(now)),
            streams=self._rates.views(),
            kiosks=self._fleet.kiosks(),
            polls=self._polls(),
            traffic=self._traffic,
            store=self._store(),
            beside={
                f"{name}_{key}": value
                for name, read in self._beside.items()
                for key, value in read().items()
            },
        )

    def _room_views(self, now: float) -> list[RoomView]:
        return [
            RoomView(
                room_type.value,
                id_of(record.room_id),
                record.label,
                tuple(
                    MemberView(
                        seat.user_id,
                        seat.epoch,
                        self._rooms.attendance.silent_s(
                            record.room_id, seat.user_id, now
                        ),
                        seat.stream,
                    )
                    for seat in record.seats
                ),
            )
            for room_type in RoomType
            for record in self._rooms.listed(room_type)
        ]


def this_process() -> ProcessView:
    """Return what the operating system says of this process."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return ProcessView(
        resident_bytes=int(pages) * _PAGE_BYTES,
        cpu_s=time.process_time(),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
    )
