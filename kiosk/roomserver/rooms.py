"""
The rooms: who may sit where, who is late, and what the others are told.

No clock, no socket: ``now`` is monotonic seconds and always an argument.  Rules
of protocol sections 3, 4 and 10; promises P1 to P7 and P10 of ``reliability.md``
5.2.  A change is first put into the store, then told: as a numbered event and,
for a stream that lost its seat, through ``on_released``.  Refusals are
:exc:`RoomProblem` with the number the wire wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from kiosk.room.answers import EventKind, Events, RoomEvent
from kiosk.room.codes import RoomCode
from kiosk.room.im_messages import Said
from kiosk.room.room_types import RoomType
from kiosk.roomserver.attendance import Attendance, Patience
from kiosk.roomserver.event_log import EventLog
from kiosk.roomserver.spaces import type_of
from kiosk.roomserver.store import RoomRecord, RoomStore, Seat
from kiosk.roomserver.store_ledger import Ledger


_SILENCE = Said("")


class CreatorLeaves(Enum):
    """What becomes of a room whose creator leaves or expires."""

    DISBAND = "disband"
    """The room ends (v1, v2.0)."""
    STAY = "stay"
    """The room lives until it is empty (v2.1)."""


@dataclass(frozen=True, slots=True)
class RoomRules:
    """Numbers and choices; capacities are seats, the creator's included."""

    capacity: int = 2
    """Of a ``double_room``."""
    capacity_multi: int = 4
    capacity_live: int = 4
    creator_leaves: CreatorLeaves = CreatorLeaves.DISBAND
    """A ``live_room`` always ends with its creator, as in every original."""
    patience: Patience = field(default_factory=Patience)
    max_audience: int = 30
    """Of a ``live_room``; ``maxAudiencesLen`` of the v2 original."""
    max_rooms: int = 4096
    max_rooms_per_owner: int = 16

    def seats_in(self, key: str) -> int:
        """Return the capacity of the room with a key."""
        match type_of(key):
            case RoomType.DOUBLE:
                return self.capacity
            case RoomType.MULTI:
                return self.capacity_multi
            case RoomType.LIVE:
                return self.capacity_live

    def ends_with_creator(self, key: str) -> bool:
        """Say whether the room with a key ends when its creator goes."""
        if type_of(key) is RoomType.LIVE:
            return True
        return self.creator_leaves is CreatorLeaves.DISBAND


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who wants a seat, with the stream that was issued for it."""

    user_id: str
    user_name: str
    user_avatar: str
    stream: str
    at_unix: int
    """Wall time, seconds."""


class RoomProblem(Exception):
    """A room says no; ``code`` is what the wire says."""

    def __init__(self, code: RoomCode) -> None:
        super().__init__(code.name)
        self.code = code


class Rooms:
    """
    The table of rooms; a ``room_id`` here is a key of :mod:`.spaces`.

    Args:
        rules: Capacity, times, quotas.
        store: Keeps the records.
        on_event: Told the room id after each event of a room.
        on_released: Told the stream of each seat given up: it must be cut.
        on_ended: Told it in place of ``on_released`` where the room ended around
            the seat: that member is to hear of it before its stream stops.
        ledger: Where events and who was heard are told.

    Attributes:
        attendance: The members' clocks; to be read only.
        log: The events; likewise.

    """

    def __init__(
        self,
        rules: RoomRules,
        store: RoomStore,
        on_event: Callable[[str], None],
        on_released: Callable[[str], None],
        ledger: Ledger | None = None,
        *,
        on_ended: Callable[[str], None] | None = None,
    ) -> None:
        self.rules = rules
        self._store = store
        self._on_event = on_event
        self._on_released = on_released
        self._on_ended = on_ended or on_released
        self.log = EventLog(ledger)
        self.attendance = Attendance(rules.patience, ledger)

    def find(self, room_id: str) -> RoomRecord | None:
        """Return a room somebody pushes to, or None: reserved ids are hidden."""
        record = self._store.get(room_id)
        return record if record is not None and record.seats else None

    def known(self, room_id: str) -> RoomRecord | None:
        """Return a room, also one that is only reserved, or None."""
        return self._store.get(room_id)

    def amend(self, record: RoomRecord) -> None:
        """Keep a changed record of a known room; nobody is told."""
        self._store.put(record)

    def listed(self, room_type: RoomType) -> Iterator[RoomRecord]:
        """Walk over the rooms of a type somebody pushes to, oldest first."""
        return (
            record
            for record in self._store
            if record.seats and type_of(record.room_id) is room_type
        )

    def reserve(
        self, room_id: str, owner: str, label: str, now: float, *, creator: str = ""
    ) -> RoomRecord:
        """
        Reserve an id (v2 create_room), perhaps again: nobody sits there yet.

        Raises:
            RoomProblem: ROOM_ID_TAKEN, or SERVER_ERROR above a quota.

        """
        if self._store.get(room_id) is not None:
            raise RoomProblem(RoomCode.ROOM_ID_TAKEN)
        rules, rooms = self.rules, self._store
        mine = rooms.owned_by(owner)
        if len(rooms) >= rules.max_rooms or mine >= rules.max_rooms_per_owner:
            raise RoomProblem(RoomCode.SERVER_ERROR)
        record = RoomRecord(room_id, label, owner, creator, seq=self.log.highest)
        self._store.put(record)
        self.attendance.reserved(room_id, now)
        return record

    def membership(
        self, room_id: str, user_id: str, epoch: int = 0
    ) -> tuple[RoomRecord, Seat]:
        """
        Return a member's room and seat; with an epoch that seat only.

        Raises:
            RoomProblem: NOT_A_MEMBER, also when there is no such room, or the
                seat was taken over.

        """
        record = self._store.get(room_id)
        seat = record.seat_of(user_id) if record else None
        if record is None or seat is None or epoch not in (0, seat.epoch):
            raise RoomProblem(RoomCode.NOT_A_MEMBER)
        return record, seat

    def seat_for(self, room_id: str, user_id: str) -> tuple[RoomRecord, Seat | None]:
        """
        Return the room and the user's seat, if there is or could be one.

        Raises:
            RoomProblem: NO_SUCH_ROOM, or ROOM_FULL for a stranger.

        """
        record = self._store.get(room_id)
        if record is None:
            raise RoomProblem(RoomCode.NO_SUCH_ROOM)
        seat = record.seat_of(user_id)
        if seat is None and len(record.seats) >= self.rules.seats_in(room_id):
            raise RoomProblem(RoomCode.ROOM_FULL)
        return record, seat

    def join(
        self, room_id: str, entrant: Entrant, now: float
    ) -> tuple[RoomRecord, Seat]:
        """
        Take a seat, or take one's own seat over with a new stream.

        The first to sit becomes the creator, if there is none.  Repeating the same request
        changes nothing but the heartbeat.

        Raises:
            RoomProblem: NO_SUCH_ROOM, or ROOM_FULL for a stranger.

        """
        record, old = self.seat_for(room_id, entrant.user_id)
        self.attendance.heard(room_id, entrant.user_id, now)
        seat = _seat(entrant, old, record.seq + 1)
        if seat == old:
            return record, seat
        record = _with_seat(record, old, seat)
        self.attendance.settled(room_id)
        record = self._tell(record, EventKind.PUSHERS_CHANGED, seat)
        if old is not None and old.stream != seat.stream:
            self._on_released(old.stream)
        return record, seat

    def leave(self, room_id: str, user_id: str, epoch: int = 0) -> None:
        """
        Give a seat up.

        Raises:
            RoomProblem: NOT_A_MEMBER, as from :meth:`membership`.

        """
        record, _ = self.membership(room_id, user_id, epoch)
        self._remove(record, user_id, EventKind.LEFT)

    def destroy(self, room_id: str, user_id: str) -> None:
        """
        End a room for everybody.

        Raises:
            RoomProblem: NO_SUCH_ROOM, also for anybody but the creator.

        """
        record = self._store.get(room_id)
        if record is None or record.creator != user_id:
            raise RoomProblem(RoomCode.NO_SUCH_ROOM)
        self._close(record)

    def heartbeat(
        self, room_id: str, user_id: str, now: float, epoch: int = 0
    ) -> tuple[RoomRecord, Seat]:
        """
        Note that a member lives.

        Raises:
            RoomProblem: NOT_A_MEMBER, as from :meth:`membership`.

        """
        membership = self.membership(room_id, user_id, epoch)
        self.attendance.heard(room_id, user_id, now)
        return membership

    def say(self, room_id: str, user_id: str, said: Said) -> None:
        """
        Tell a text to everybody; the event log leaves it out for its sender.

        Raises:
            RoomProblem: NOT_A_MEMBER, also when there is no such room.

        """
        record, seat = self.membership(room_id, user_id)
        kind = EventKind.CUSTOM if said.custom else EventKind.TEXT
        self._tell(record, kind, seat, said)

    def events_after(self, room_id: str, user_id: str, after_seq: int) -> Events:
        """
        Return what a member has not seen; nothing new is no event.

        Its own texts are left out.  Of a room just closed: that, at the end.

        Raises:
            RoomProblem: NO_SUCH_ROOM or NOT_A_MEMBER.

        """
        record = self._store.get(room_id)
        if record is not None and record.seat_of(user_id) is not None:
            return self.log.after(record, user_id, after_seq)
        # Perhaps of one that ended, though another was opened under its id.
        last = self.log.farewell(room_id, user_id, after_seq)
        if last is None or (record is not None and not last.events):
            code = RoomCode.NOT_A_MEMBER if record else RoomCode.NO_SUCH_ROOM
            raise RoomProblem(code)
        return last

    def stream_is(self, room_id: str, user_id: str, stream: str, *, live: bool) -> None:
        """
        Note whether the relay receives a seat's stream.

        Losing it frees no seat: the others are told, the heartbeat decides.
        """
        record = self._store.get(room_id)
        seat = record.seat_of(user_id) if record else None
        if record is None or seat is None or seat.stream != stream:
            return
        if seat.is_lost is not live:
            return
        record = _with_seat(record, seat, replace(seat, is_lost=not live))
        kind = EventKind.PUSHERS_CHANGED if live else EventKind.STREAM_LOST
        self._tell(record, kind, seat)

    def sweep(self, now: float) -> None:
        """Remove who was silent too long, and rooms nobody came to."""
        self.attendance.begin_sweep(now)
        self.log.forget_farewells()
        for room in self._store:
            if not room.seats and self.attendance.is_overdue(room.room_id, now):
                self._close(room)
            for seat in room.seats:
                record = self._store.get(room.room_id)
                if record is None:  # it closed during this sweep
                    break
                if self.attendance.is_late(room.room_id, seat.user_id, now):
                    self._remove(record, seat.user_id, EventKind.EXPIRED)

    def _remove(self, record: RoomRecord, user_id: str, kind: EventKind) -> None:
        gone = next(seat for seat in record.seats if seat.user_id == user_id)
        rest = tuple(seat for seat in record.seats if seat is not gone)
        disband = self.rules.ends_with_creator(record.room_id)
        if not rest or (disband and user_id == record.creator):
            self._close(record, gone)
            return
        self.attendance.gone(record.room_id, user_id)
        self._tell(replace(record, seats=rest), kind, gone)
        self._on_released(gone.stream)

    def _close(self, record: RoomRecord, gone: Seat | None = None) -> None:
        self._store.remove(record.room_id)
        self.attendance.settled(record.room_id)
        self.log.close(record)
        for seat in record.seats:
            self.attendance.gone(record.room_id, seat.user_id)
            (self._on_released if seat is gone else self._on_ended)(seat.stream)
        self._on_event(record.room_id)

    def _tell(
        self, record: RoomRecord, kind: EventKind, seat: Seat, said: Said = _SILENCE
    ) -> RoomRecord:
        record = replace(record, seq=record.seq + 1)
        event = RoomEvent(
            record.seq, kind, seat.user_id, seat.epoch, said.text, said.cmd
        )
        self._store.put(record)
        self.log.append(record.room_id, event)
        self._on_event(record.room_id)
        return record


def _with_seat(record: RoomRecord, old: Seat | None, seat: Seat) -> RoomRecord:
    """Return the record with a seat in place of the old one, else as the last."""
    seats = tuple(seat if one is old else one for one in record.seats)
    return replace(
        record,
        seats=seats if old else (*seats, seat),
        creator=record.creator or seat.user_id,
    )


def _seat(entrant: Entrant, old: Seat | None, next_epoch: int) -> Seat:
    same_stream = old is not None and old.stream == entrant.stream
    return Seat(
        entrant.user_id,
        entrant.user_name,
        entrant.user_avatar,
        entrant.stream,
        epoch=old.epoch if old and same_stream else next_epoch,
        taken_at_unix=old.taken_at_unix if old and same_stream else entrant.at_unix,
        is_lost=old.is_lost if old and same_stream else False,
    )
