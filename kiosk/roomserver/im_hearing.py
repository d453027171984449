"""
What an IM group hears of a room: its events in the wording of the originals.

One notice 255 an answer, however much changed: every one makes each client read
``get_pushers``.  A stream that stalls is no event there; a room that ended is
notice 5.  Pure but for the table of rooms it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from kiosk.room import im
from kiosk.room.answers import EventKind, RoomEvent
from kiosk.room.im_messages import Said
from kiosk.room.wire_json import Wire
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.spaces import id_of
from kiosk.roomserver.store import RoomRecord


Message = Callable[[int], Wire]
"""Makes a message of the time it is sent at, unix seconds."""

_CHANGES = (EventKind.PUSHERS_CHANGED, EventKind.LEFT, EventKind.EXPIRED)
_GONE = (EventKind.LEFT, EventKind.EXPIRED)


@dataclass(frozen=True, slots=True)
class Heard:
    """Messages oldest first, up to the event with number ``seq``."""

    seq: int
    messages: tuple[Message, ...] = ()
    closed: bool = False


def hear(rooms: Rooms, room_key: str, user_id: str, after: int) -> Heard:
    """Return what a user has not heard of a room yet."""
    record, ended = rooms.known(room_key), rooms.log.ended(room_key)
    here = record is not None and _belongs(record, user_id)
    if not here and ended is not None and _heard_not_all(ended, user_id, after):
        return _last_words(rooms, ended, after)
    if record is None:
        return Heard(after + 1, (_disbanded(room_key, after + 1),), closed=True)
    if not here or not record.seats:
        # Without a seat, so far: something changed, and no more than that.
        changed = record.seq != after
        return Heard(record.seq, (_changed(room_key, record.seq),) if changed else ())
    # The audience hears what members hear.
    member = user_id if record.seat_of(user_id) else record.seats[0].user_id
    events = rooms.log.after(record, member, after, own=True)
    if events.resync:
        return Heard(events.seq, (_changed(room_key, events.seq),))
    return Heard(events.seq, tuple(_messages(record, events.events)))


def _belongs(record: RoomRecord, user_id: str) -> bool:
    return record.seat_of(user_id) is not None or record.watches(user_id)


def _heard_not_all(ended: RoomRecord, user_id: str, after: int) -> bool:
    return after < ended.seq and _belongs(ended, user_id)


def _last_words(rooms: Rooms, ended: RoomRecord, after: int) -> Heard:
    member = ended.seats[0].user_id
    events = rooms.log.farewell(ended.room_id, member, after, own=True)
    assert events is not None, "it just ended"
    messages = tuple(_messages(ended, events.events))
    return Heard(events.seq, messages, closed=True)


def _messages(record: RoomRecord, events: tuple[RoomEvent, ...]) -> Iterator[Message]:
    for event in events:
        yield from _of_event(record, event)
    changes = [event.seq for event in events if event.kind in _CHANGES]
    if changes and events[-1].kind is not EventKind.ROOM_CLOSED:
        yield _changed(record.room_id, changes[-1])


def _of_event(record: RoomRecord, event: RoomEvent) -> Iterator[Message]:
    if event.kind in (EventKind.TEXT, EventKind.CUSTOM):
        yield _said(record, event)
    elif event.kind in _GONE:
        yield _tip(record, event, im.Tip.QUIT)
    elif event.kind is EventKind.PUSHERS_CHANGED and event.epoch == event.seq:
        # A new stream took the seat; the same one only went on otherwise.
        yield _tip(record, event, im.Tip.JOINED)
    elif event.kind is EventKind.ROOM_CLOSED:
        yield _disbanded(record.room_id, event.seq)


def _around(room_key: str, seq: int, unix_s: int) -> im.Envelope:
    return im.Envelope(id_of(room_key), seq, unix_s)


def _changed(room_key: str, seq: int) -> Message:
    return partial(_notice, room_key, seq, im.Report.CUSTOM)


def _disbanded(room_key: str, seq: int) -> Message:
    return partial(_notice, room_key, seq, im.Report.GROUP_DISBANDED)


def _notice(room_key: str, seq: int, report: im.Report, unix_s: int) -> Wire:
    return im.notice(_around(room_key, seq, unix_s), report)


def _tip(record: RoomRecord, event: RoomEvent, kind: im.Tip) -> Message:
    def message(unix_s: int) -> Wire:
        around = _around(record.room_id, event.seq, unix_s)
        return im.tip(around, kind, event.user_id, len(record.seats))

    return message


def _said(record: RoomRecord, event: RoomEvent) -> Message:
    seat = record.seat_of(event.user_id)
    name = seat.user_name if seat else event.user_id
    avatar = seat.user_avatar if seat else ""
    said = Said(event.text, event.cmd, event.kind is EventKind.CUSTOM)

    def message(unix_s: int) -> Wire:
        around = _around(record.room_id, event.seq, unix_s)
        return im.text_message(around, event.user_id, name, avatar, said)

    return message
