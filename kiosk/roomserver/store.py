"""
What a room server must not forget, and the smallest border to keep it behind.

A record holds acknowledged facts only: who sits where, under which number.
Heartbeat clocks, event logs and live streams are not facts worth keeping: after
a restart they begin anew.  Records are immutable; a change is one ``put``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kiosk.room.live_requests import Watcher
from kiosk.room.roster import digest_of_streams


@dataclass(frozen=True, slots=True)
class Seat:
    """One member of a room."""

    user_id: str
    user_name: str
    user_avatar: str
    stream: str
    epoch: int
    """The event number under which this stream took the seat; only grows."""
    taken_at_unix: int
    """Wall time of that moment, the base of the play URL's expiry."""
    is_lost: bool = False
    """The relay no longer receives its stream."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class RoomRecord:
    """One room, its members in join order."""

    room_id: str
    label: str
    owner: str
    """Who called create_room."""
    creator: str = ""
    """Who pushed first and may destroy; empty while the id is only reserved, unless
    it was said whose the room was before it was forgotten."""
    seats: tuple[Seat, ...] = ()
    seq: int = 0
    """Number of the last event."""
    custom: str = "{}"
    """A live_room's custom fields, as JSON text."""
    audience: tuple[Watcher, ...] = ()
    """Who watches a live_room without a seat."""

    def seat_of(self, user_id: str) -> Seat | None:
        """Return the seat of a member, or None."""
        for seat in self.seats:
            if seat.user_id == user_id:
                return seat
        return None

    def watches(self, user_id: str) -> bool:
        """Say whether a user is of the audience."""
        return any(one.user_id == user_id for one in self.audience)

    @property
    def digest(self) -> str:
        """The name of the member set, as clients compute it."""
        return digest_of_streams((seat.user_id, seat.stream) for seat in self.seats)


class RoomStore(Protocol):
    """Keeps room records; iteration is in order of creation."""

    def get(self, room_id: str) -> RoomRecord | None:
        """Return a record, or None."""
        ...

    def put(self, record: RoomRecord) -> None:
        """Keep a record; one of the same id is replaced in its place."""
        ...

    def remove(self, room_id: str) -> None:
        """Forget a record; unknown ids are fine."""
        ...

    def owned_by(self, owner: str) -> int:
        """Return how many records somebody's create_room made."""
        ...

    def __iter__(self) -> Iterator[RoomRecord]:
        """Walk over a copy: the store may change meanwhile."""
        ...

    def __len__(self) -> int:
        """Return the number of records."""
        ...


class MemoryStore:
    """Keeps records for as long as the process lives."""

    def __init__(self) -> None:
        self._records: dict[str, RoomRecord] = {}
        self._owned: Counter[str] = Counter()

    def get(self, room_id: str) -> RoomRecord | None:
        """Return a record, or None."""
        return self._records.get(room_id)

    def put(self, record: RoomRecord) -> None:
        """Keep a record."""
        before = self._records.get(record.room_id)
        if before is None or before.owner != record.owner:
            self._disown(before)
            self._owned[record.owner] += 1
        self._records[record.room_id] = record

    def remove(self, room_id: str) -> None:
        """Forget a record."""
        self._disown(self._records.pop(room_id, None))

    def owned_by(self, owner: str) -> int:
        """Return how many records somebody's create_room made."""
        return self._owned.get(owner, 0)

    def __iter__(self) -> Iterator[RoomRecord]:
        """Walk over a copy in order of creation."""
        return iter(tuple(self._records.values()))

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._records)

    def _disown(self, record: RoomRecord | None) -> None:
        if record is not None:
            self._owned[record.owner] -= 1
            if not self._owned[record.owner]:
                del self._owned[record.owner]
