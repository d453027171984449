"""
Who may play the streams of a room, at this moment.

Members may, a live_room's audience may, and whoever holds an unused push grant while
a seat is free: clients read play URLs just before they join (``reliability.md`` S04).
One rule for three questions: whom to show a URL, whom to let connect with it, and
who may go on playing.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.room.stream_ticket import tag_of
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.grants import Grant, PushGrants
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.store import RoomRecord


class StreamRights:
    """Reads the tables of rooms and grants; changes nothing."""

    def __init__(self, rooms: Rooms, grants: PushGrants, clock: ServerClock) -> None:
        self._rooms = rooms
        self._grants = grants
        self._clock = clock

    def of_user(self, user_id: str) -> Callable[[RoomRecord], bool]:
        """Return who says whose streams a user who is logged in may play now."""
        is_joining = self._grants.has_unused(user_id, self._clock.monotonic())
        rules = self._rooms.rules

        def may_watch(record: RoomRecord) -> bool:
            if record.seat_of(user_id):
                return True
            if record.audience and record.watches(user_id):
                return True
            return is_joining and len(record.seats) < rules.seats_in(record.room_id)

        return may_watch

    def may_play(self, grant: Grant, user_id: str) -> bool:
        """Say whether a user may play one stream; without a room only its own."""
        if not grant.room_id:
            return user_id == grant.user_id
        record = self._rooms.find(grant.room_id)
        return record is not None and self.of_user(user_id)(record)

    def player(self, grant: Grant, tag: str) -> str:
        """Return the user with a tag if he may play a stream, or an empty text."""
        user_id = self._named(grant, tag)
        return user_id if user_id and self.may_play(grant, user_id) else ""

    def _named(self, grant: Grant, tag: str) -> str:
        record = self._rooms.find(grant.room_id)
        here: list[str] = []
        if record is not None:
            here += [seat.user_id for seat in record.seats]
            here += [watcher.user_id for watcher in record.audience]
        named = (user_id for user_id in here if tag_of(user_id) == tag)
        return next(named, self._grants.holder(tag))
