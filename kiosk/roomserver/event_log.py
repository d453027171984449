"""
The numbered events of rooms, for members who ask "what after number n?".

Bounded: a log keeps the last events only, and who asks for older ones is told to
look for himself (``resync``).  Numbers of one id never run backwards, not even
when a closed room is opened anew under the same id, or by a restart: the highest
number and the farewells are kept, so that nobody opens again what was closed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kiosk.room.answers import EventKind, Events, RoomEvent
from kiosk.room.fields import MAX_URL_BYTES, Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


_EVENTS_KEPT = 128
_FAREWELLS_KEPT = 256
_SAID = (EventKind.TEXT, EventKind.CUSTOM)
_FAREWELL_SWEEPS = 12
"""Sweeps a closed room is remembered for its members: a minute at 5 s."""


@dataclass(slots=True)
class _Farewell:
    event: RoomEvent
    members: frozenset[str]
    sweeps_left: int


class EventLog:
    """
    Last events per room, and the last word of rooms just closed.

    Args:
        ledger: Where last words and the highest number outlive the process.

    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or ForgetfulLedger()
        self._events: dict[str, deque[RoomEvent]] = {}
        self._farewells: dict[str, _Farewell] = {}
        self.highest = 0
        """Where the numbers of a new room begin: above all closed ones."""
        for _, mark in self._ledger.facts(Shelf.MARK):
            self.highest = max(self.highest, Fields(mark).optional_count("highest"))
        for room_id, fact in self._ledger.facts(Shelf.FAREWELL):
            self._farewells[room_id] = _farewell_of(Fields(fact))

    def append(self, room_id: str, event: RoomEvent) -> None:
        """Keep one event of a room."""
        self._forget_farewell(room_id)
        log = self._events.get(room_id)
        if log is None:
            log = self._events[room_id] = deque(maxlen=_EVENTS_KEPT)
        log.append(event)

    def after(self, record: RoomRecord, user_id: str, after_seq: int) -> Events:
        """Return a member's unseen events; its own texts are left out."""
        log = self._events.get(record.room_id, ())
        oldest = log[0].seq if log else record.seq + 1
        missing = after_seq > record.seq or after_seq + 1 < oldest
        events = tuple(
            event
            for event in log
            if event.seq > after_seq
            and not (event.kind in _SAID and event.user_id == user_id)
        )
        seen = () if missing else events
        return Events(seen, record.seq, record.digest, resync=missing)

    def close(self, record: RoomRecord) -> None:
        """Drop a room's log, remembering for its members that it closed."""
        self._events.pop(record.room_id, None)
        event = RoomEvent(record.seq + 1, EventKind.ROOM_CLOSED)
        if event.seq > self.highest:
            self.highest = event.seq
            self._ledger.note(Shelf.MARK, "events", {"highest": event.seq})
        if not record.seats:
            return
        members = frozenset(seat.user_id for seat in record.seats)
        self._forget_farewell(record.room_id)
        while len(self._farewells) >= _FAREWELLS_KEPT:
            self._forget_farewell(next(iter(self._farewells)))
        self._farewells[record.room_id] = _Farewell(event, members, _FAREWELL_SWEEPS)
        fact: Wire = {"seq": event.seq, "members": " ".join(sorted(members))}
        self._ledger.note(Shelf.FAREWELL, record.room_id, fact)

    def farewell(self, room_id: str, user_id: str, after_seq: int) -> Events | None:
        """Return the closing event to a former member, else None."""
        last = self._farewells.get(room_id)
        if last is None or user_id not in last.members:
            return None
        unseen = last.event.seq > after_seq
        return Events((last.event,) if unseen else (), last.event.seq)

    def forget_farewells(self) -> None:
        """Count one sweep; forget what is old."""
        for room_id, last in tuple(self._farewells.items()):
            last.sweeps_left -= 1
            if last.sweeps_left <= 0:
                self._forget_farewell(room_id)

    def _forget_farewell(self, room_id: str) -> None:
        if self._farewells.pop(room_id, None) is not None:
            self._ledger.strike(Shelf.FAREWELL, room_id)


def _farewell_of(fields: Fields) -> _Farewell:
    event = RoomEvent(fields.count("seq"), EventKind.ROOM_CLOSED)
    members = frozenset(fields.text("members", MAX_URL_BYTES).split())
    return _Farewell(event, members, _FAREWELL_SWEEPS)
