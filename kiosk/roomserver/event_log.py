"""
The numbered events of rooms, for members who ask "what after number n?".

Bounded: a log keeps the last events only, and who asks for older ones is told to
look for himself (``resync``).  A room that closed is kept with its events for a
minute, so that its members hear what came before the end, and then the end, even
where another was opened under its id meanwhile.  Numbers of one id never run
backwards, not even when a closed room is opened anew under the same id, or by a
restart: the highest number and who sat in a closed room are kept (its events are
not), so that nobody opens again what was closed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from kiosk.room.answers import EventKind, Events, RoomEvent
from kiosk.room.fields import MAX_URL_BYTES, Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store import RoomRecord, Seat
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


_EVENTS_KEPT = 128
_FAREWELLS_KEPT = 256
_SAID = (EventKind.TEXT, EventKind.CUSTOM)
_FAREWELL_SWEEPS = 12
"""Sweeps a closed room is remembered for its members: a minute at 5 s."""


@dataclass(slots=True)
class _Farewell:
    record: RoomRecord
    """The room as it last was; ``seq`` is its end's."""
    events: tuple[RoomEvent, ...]
    """The last ones, the end among them."""
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
            self._farewells[room_id] = _farewell_of(room_id, Fields(fact))

    def append(self, room_id: str, event: RoomEvent) -> None:
        """Keep one event of a room."""
        log = self._events.get(room_id)
        if log is None:
            log = self._events[room_id] = deque(maxlen=_EVENTS_KEPT)
        log.append(event)

    def after(
        self, record: RoomRecord, user_id: str, after_seq: int, *, own: bool = False
    ) -> Events:
        """Return a member's unseen events; its own texts only if ``own``."""
        log = tuple(self._events.get(record.room_id, ()))
        oldest = log[0].seq if log else record.seq + 1
        missing = after_seq > record.seq or after_seq + 1 < oldest
        seen = () if missing else _unseen(log, after_seq, "" if own else user_id)
        return Events(seen, record.seq, record.digest, resync=missing)

    def close(self, record: RoomRecord) -> None:
        """Drop a room's log, remembering it for its members."""
        log = self._events.pop(record.room_id, ())
        end = RoomEvent(record.seq + 1, EventKind.ROOM_CLOSED)
        if end.seq > self.highest:
            self.highest = end.seq
            self._ledger.note(Shelf.MARK, "events", {"highest": end.seq})
        if not record.seats:
            return
        self._forget_farewell(record.room_id)
        while len(self._farewells) >= _FAREWELLS_KEPT:
            self._forget_farewell(next(iter(self._farewells)))
        last = replace(record, seq=end.seq)
        self._farewells[record.room_id] = _Farewell(last, (*log, end), _FAREWELL_SWEEPS)
        members = " ".join(sorted(seat.user_id for seat in record.seats))
        fact: Wire = {"seq": end.seq, "members": members}
        self._ledger.note(Shelf.FAREWELL, record.room_id, fact)

    def ended(self, room_id: str) -> RoomRecord | None:
        """Return a room that closed lately as it last was, else None."""
        last = self._farewells.get(room_id)
        return None if last is None else last.record

    def farewell(
        self, room_id: str, user_id: str, after_seq: int, *, own: bool = False
    ) -> Events | None:
        """
        Return what a member of a closed room has not heard, its end included.

        What is no longer known of it is left out: there is nothing to look at.
        """
        last = self._farewells.get(room_id)
        if last is None or last.record.seat_of(user_id) is None:
            return None
        unseen = _unseen(last.events, after_seq, "" if own else user_id)
        return Events(unseen, last.record.seq)

    def forget_farewells(self) -> None:
        """Count one sweep; forget what is old."""
        for room_id, last in tuple(self._farewells.items()):
            last.sweeps_left -= 1
            if last.sweeps_left <= 0:
                self._forget_farewell(room_id)

    def _forget_farewell(self, room_id: str) -> None:
        if self._farewells.pop(room_id, None) is not None:
            self._ledger.strike(Shelf.FAREWELL, room_id)


def _unseen(
    log: tuple[RoomEvent, ...], after_seq: int, without_texts_of: str
) -> tuple[RoomEvent, ...]:
    return tuple(
        event
        for event in log
        if event.seq > after_seq
        and not (event.kind in _SAID and event.user_id == without_texts_of)
    )


def _farewell_of(room_id: str, fields: Fields) -> _Farewell:
    end = RoomEvent(fields.count("seq"), EventKind.ROOM_CLOSED)
    members = fields.text("members", MAX_URL_BYTES).split()
    seats = tuple(Seat(user_id, user_id, "", "", 0, 0) for user_id in members)
    record = RoomRecord(room_id, "", "", seats=seats, seq=end.seq)
    return _Farewell(record, (end,), _FAREWELL_SWEEPS)
