"""
What is told of rooms, as JSON text that is written once a change.

A record of a room is immutable, and the text is kept with the very record it tells
of: another one under the same key is another text.  So nothing here is ever old, and
nobody has to say what changed.  A record nobody has any more (the room ended, or is
another one now) takes its text with it.
"""

from __future__ import annotations

from weakref import ref

from kiosk.room import messages as msg
from kiosk.roomserver.spaces import id_of, type_of
from kiosk.roomserver.store import RoomRecord, Seat


class WrittenRooms:
    """
    The texts of rooms.

    Args:
        heartbeat_s: What members are told.
        max_rooms: So many are kept; above that the one longest kept goes.

    """

    def __init__(self, heartbeat_s: float, max_rooms: int) -> None:
        self._heartbeat_s = heartbeat_s
        self._max_rooms = max_rooms
        self._written: dict[str, _Written] = {}

    def __len__(self) -> int:
        """Return the number of rooms whose texts are kept."""
        return len(self._written)

    def room(self, record: RoomRecord, *, recording: bool) -> msg.RoomText:
        """Return a room as its members see it."""
        texts = self._of(record).rooms
        if recording not in texts:
            texts[recording] = msg.RoomText(_view(record, recording=recording))
        return texts[recording]

    def in_list(self, record: RoomRecord) -> msg.RoomText:
        """Return a room as get_room_list has it."""
        written = self._of(record)
        if written.in_list is None:
            is_live = type_of(record.room_id) is msg.RoomType.LIVE
            audience = len(record.audience) if is_live else None
            written.in_list = msg.RoomText(_view(record, audience_count=audience))
        return written.in_list

    def seat(self, record: RoomRecord, seat: Seat, *, recording: bool) -> bytes:
        """Return what the heartbeat of a seat is answered, fields without braces."""
        texts, which = self._of(record).seats, (seat.epoch, recording)
        if which not in texts:
            seated = msg.Seated(seat.epoch, record.seq, self._heartbeat_s, recording)
            texts[which] = msg.dump_json(seated.to_wire())[1:-1]
        return texts[which]

    def _of(self, record: RoomRecord) -> _Written:
        written = self._written.get(record.room_id)
        if written is None or written.record() is not record:
            return self._begin(record)
        return written

    def _begin(self, record: RoomRecord) -> _Written:
        name = record.room_id
        if name not in self._written and len(self._written) >= self._max_rooms:
            self._written.pop(next(iter(self._written)))

        def forget(gone: ref[RoomRecord]) -> None:
            written = self._written.get(name)
            if written is not None and written.record is gone:
                del self._written[name]

        written = self._written[name] = _Written(ref(record, forget))
        return written


class _Written:
    """The texts of one record, each from when it was first asked for."""

    __slots__ = ("in_list", "record", "rooms", "seats")

    def __init__(self, record: ref[RoomRecord]) -> None:
        self.record = record
        self.rooms: dict[bool, msg.RoomText] = {}
        self.in_list: msg.RoomText | None = None
        self.seats: dict[tuple[int, bool], bytes] = {}


def _view(
    record: RoomRecord, *, recording: bool = False, audience_count: int | None = None
) -> msg.Room:
    members = tuple(
        msg.Member(seat.user_id, seat.user_name, seat.user_avatar, "")
        for seat in record.seats
    )
    return msg.Room(
        id_of(record.room_id),
        record.label,
        record.creator,
        members,
        custom=record.custom,
        seq=record.seq,
        audience_count=audience_count,
        recording=recording,
    )
