"""
The routes of still pictures: members only, both ways.

Additive: no original has them, and the dialect without login does not know them,
for whoever asks must prove his seat.  They decide nothing; :mod:`.stills` does.
"""

from __future__ import annotations

from kiosk.room.answers import Done
from kiosk.room.still_requests import GetStill, PutStill
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import Caller, ServerClock, only_oneself
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.stills import Stills


class StillRoutes:
    """Stills as members see them."""

    def __init__(self, rooms: Rooms, stills: Stills, clock: ServerClock) -> None:
        self._rooms = rooms
        self._stills = stills
        self._clock = clock

    def put_still(self, caller: Caller, body: Wire) -> Wire:
        """Keep a part of the caller's still."""
        asked = PutStill.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key = caller.key(asked.room_id)
        _, seat = self._rooms.membership(key, asked.user_id)
        self._stills.put(key, seat, asked.part, self._clock.monotonic())
        return Done().to_wire()

    def get_still(self, caller: Caller, body: Wire) -> Wire:
        """Give a part of the still of another member of the caller's room."""
        asked = GetStill.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key = caller.key(asked.room_id)
        self._rooms.membership(key, asked.user_id)
        _, seat = self._rooms.membership(key, asked.sender)
        now = self._clock.monotonic()
        return self._stills.get(key, seat, asked.offset, now).to_wire()
