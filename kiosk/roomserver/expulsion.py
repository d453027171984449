"""
Ending at once all that users hold: logins, seats, places in line, streams.

For who lost the right to be here.  Others in their rooms are told as of anybody
who leaves, and a room ends with its creator where it would anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace

from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.queue import SeatQueue
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.sessions import Sessions


log = logging.getLogger(__name__)


class Expulsion:
    """Knows every table where a user may hold something."""

    def __init__(
        self,
        sessions: Sessions,
        rooms: Rooms,
        grants: PushGrants,
        queue: SeatQueue,
        clock: ServerClock,
    ) -> None:
        self._sessions = sessions
        self._rooms = rooms
        self._grants = grants
        self._queue = queue
        self._clock = clock

    def expel(self, user_ids: Collection[str]) -> None:
        """End all that these users hold; who holds nothing is fine."""
        for user_id in user_ids:
            self._sessions.close(user_id)
            for room_type in RoomType:
                self._queue.leave(room_type, user_id, self._clock.monotonic())
        for room_type in RoomType:
            self._clear(room_type, frozenset(user_ids))
        for user_id in user_ids:
            self._grants.revoke_of(user_id)

    def _clear(self, room_type: RoomType, user_ids: frozenset[str]) -> None:
        for listed in tuple(self._rooms.listed(room_type)):
            for seat in listed.seats:
                record = self._rooms.find(listed.room_id)
                if record is None:  # it ended with its creator
                    break
                if seat.user_id in user_ids:
                    self._rooms.leave(record.room_id, seat.user_id)
                    log.info("expelled", extra={"user": seat.user_id})
            self._unwatch(listed.room_id, user_ids)

    def _unwatch(self, key: str, user_ids: frozenset[str]) -> None:
        record = self._rooms.find(key)
        if record is None:
            return
        rest = tuple(one for one in record.audience if one.user_id not in user_ids)
        if rest != record.audience:
            self._rooms.amend(replace(record, audience=rest))
