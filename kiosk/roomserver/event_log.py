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
from kiosk.room.fields import Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_kept import fact_of, record_of
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
        for shelf in (Shelf.MARK, Shelf.FAREWELL):
            for name, fact in self._ledger.facts(shelf):
                self.take_in(shelf, name, fact)

    def take_in(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Be as a fact of these shelves says."""
        match shelf:
            case Shelf.MARK:
                highest = Fields(fact or {}).optional_count("highest")
                self.highest = max(self.highest, highest)
            case Shelf.EVENT:
                if fact is None:
                    self._events.pop(name, None)
                else:
                    self._append(name, RoomEvent.read(fact))
            case _:
                self._farewells.pop(name, None)
                last = record_of(name, fact) if fact is not None else None
                if last is not None:
                    self._close(last)

    def append(self, room_id: str, event: RoomEvent) -> None:
        """Keep one event of a room."""
        self._append(room_id, event)
        self._ledger.note(Shelf.EVENT, room_id, event.to_wire())

    def after(
        self, record: RoomRecord, user_id: str, after_seq: int, *, own: bool = False
    ) -> Events:
        """Return a member's unseen events; its own texts only if ``own``."""
        log = tuple(self._events.get(record.room_id, ()))
        if log and log[-1].seq != record.seq:
            log = ()  # this process was away, and the last ones were not told it
        oldest = log[0].seq if log else record.seq + 1
        missing = after_seq > record.seq or after_seq + 1 < oldest
        seen = () if missing else _unseen(log, after_seq, "" if own else user_id)
        return Events(seen, record.seq, record.digest, resync=missing)

    def close(self, record: RoomRecord) -> None:
        """Drop a room's log, remembering it for its members."""
        last = replace(record, seq=record.seq + 1)
        if last.seq > self.highest:
            self.highest = last.seq
            self._ledger.note(Shelf.MARK, "events", {"highest": last.seq})
        if not record.seats:
            return
        self._forget_farewell(record.room_id)
        while len(self._farewells) >= _FAREWELLS_KEPT:
            self._forget_farewell(next(iter(self._farewells)))
        self._close(last)
        self._ledger.note(Shelf.FAREWELL, last.room_id, fact_of(last))

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

    def _append(self, room_id: str, event: RoomEvent) -> None:
        log = self._events.get(room_id)
        if log is None:
            log = self._events[room_id] = deque(maxlen=_EVENTS_KEPT)
        elif log[-1].seq + 1 != event.seq:
            log.clear()  # there is a hole: who asks for it has to look for himself
        log.append(event)

    def _close(self, last: RoomRecord) -> None:
        log = self._events.pop(last.room_id, ())
        end = RoomEvent(last.seq, EventKind.ROOM_CLOSED)
        self._farewells[last.room_id] = _Farewell(last, (*log, end), _FAREWELL_SWEEPS)

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
