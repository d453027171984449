"""
The tables of a server as its ledger sees them: facts in, consequences out.

Which table a shelf belongs to, and which written change ends a wait or a stream,
stands here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from kiosk.room.fields import Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.core_streams import CoreStreams
from kiosk.roomserver.enrolment import Enrolment
from kiosk.roomserver.fleet import Fleet
from kiosk.roomserver.kept_answers import KeptAnswers
from kiosk.roomserver.queue import LINE, SeatQueue
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.sessions import Sessions
from kiosk.roomserver.store_kept import KeptRooms
from kiosk.roomserver.store_ledger import Shelf


_UNTOLD_S = 0.5


@dataclass(frozen=True, slots=True)
class CoreTables:
    """
    Implements :class:`~kiosk.roomserver.store_ledger.Tables`.

    Attributes:
        now: Monotonic seconds.
        later: Makes a call so many seconds from now.
        ring: Ends the waits known by a bell: a room's key, or a waiter's.

    """

    records: KeptRooms
    rooms: Rooms
    streams: CoreStreams
    sessions: Sessions
    queue: SeatQueue
    fleet: Fleet
    answers: KeptAnswers
    enrolment: Enrolment
    now: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    ring: Callable[[str], None]

    def take_in(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Be as a fact says."""
        match shelf:
            case Shelf.ROOM:
                before = self.records.get(name)
                self.records.take_in(name, fact)
                after = self.records.get(name)
                self.rooms.attendance.changed_elsewhere(before, after)
            case Shelf.GRANT:
                self.streams.grants.take_in(name, fact, self.now())
                if fact is None:
                    # Who was away may not have been told to cut it.
                    self.later(_UNTOLD_S, partial(self.streams.cut, name))
            case Shelf.EVENT | Shelf.FAREWELL | Shelf.MARK:
                self.rooms.log.take_in(shelf, name, fact)
            case Shelf.HEARD:
                self.rooms.attendance.heard_elsewhere(name, self.now())
            case Shelf.TICKET_KEY | Shelf.STRAY:
                of_tickets = (
                    self.streams.keys.ring
                    if shelf is Shelf.TICKET_KEY
                    else self.streams.strays
                )
                of_tickets.take_in(name, fact)
            case Shelf.KEY | Shelf.BELL | Shelf.CUT:
                pass  # no table's; keys are read once, and never change
            case _:
                self._take_in_of_user(shelf, name, fact)

    def follow_up(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Ring and cut."""
        match shelf:
            case Shelf.BELL if name == LINE:
                for bell in self.queue.moved():
                    self.ring(bell)
            case Shelf.EVENT | Shelf.BELL:
                self.ring(name)
            case Shelf.ROOM if fact is None:
                self.ring(name)
            case Shelf.TICKET_KEY if fact is None:
                self.streams.review()
            case Shelf.CUT if fact is not None:
                self._cut(name, Fields(fact).optional_seconds("afterS", 0.0))
            case _:
                pass

    def _take_in_of_user(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        match shelf:
            case Shelf.SESSION:
                self.sessions.take_in(name, fact, self.now())
            case Shelf.ENROLMENT:
                self.enrolment.take_in(name, fact)
            case Shelf.PLACE:
                self.queue.take_in(name, fact, self.now())
            case Shelf.ANSWER:
                self.answers.take_in(name, fact, self.now())
            case Shelf.REPORT if fact is not None:
                self.fleet.take_in(fact)
            case _:
                pass

    def missed(self) -> None:
        """Be patient with everybody, and let everybody look for himself."""
        now = self.now()
        self.rooms.attendance.begin_anew(now)
        self.sessions.begin_anew(now)
        self.queue.recall(now)
        self.streams.review()
        for record in self.records:
            self.ring(record.room_id)
        self.follow_up(Shelf.BELL, LINE, None)

    def _cut(self, stream: str, after_s: float) -> None:
        if after_s:
            self.later(after_s, partial(self.streams.cut, stream))
        else:
            self.streams.cut(stream)
