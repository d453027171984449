"""
The routes only ``live_room`` has: custom fields and the audience.

The v2 generation brought them, so the dialect without login does not know them.
Unlike the originals a room must exist before anything is kept for it, and what
is counted is what is listed (``reliability.md`` S11).
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.room import messages as msg
from kiosk.roomserver.asking import DONE, Caller, Refused, only_oneself
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.store import RoomRecord


MAX_FIELDS = 32
_FULL = "观众列表满了"


class LiveRoutes:
    """Counters and viewers of live rooms; the rooms keep them."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def get_custom_info(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Tell the custom fields."""
        asked = msg.GetCustomInfo.from_wire(body)
        record = self._room(caller, asked.room_id)
        return msg.CustomFields(record.custom).to_wire()

    def set_custom_field(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Change a field and tell all (the published v2 code tells none)."""
        asked = msg.SetCustomField.from_wire(body)
        record = self._room(caller, asked.room_id)
        fields = msg.parse_json(record.custom.encode("utf-8"))
        fields[asked.name] = _changed(fields.get(asked.name, 0), asked)
        if len(fields) > MAX_FIELDS:
            limit = f"at most {MAX_FIELDS} fields are kept for a room"
            raise Refused(msg.RoomCode.SERVER_ERROR, limit)
        custom = msg.dump_json(fields).decode("utf-8")
        self._rooms.amend(replace(record, custom=custom))
        return msg.CustomFields(custom).to_wire()

    def add_audience(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Begin to watch; once more changes what is told about oneself."""
        asked = msg.AddAudience.from_wire(body)
        only_oneself(caller, asked.user_id)
        record = self._room(caller, asked.room_id)
        watcher = msg.Watcher(asked.user_id, asked.user_info)
        others = _without(record, asked.user_id)
        if len(others) >= self._rooms.rules.max_audience:
            raise Refused(msg.RoomCode.BAD_PARAMETER, _FULL)
        self._rooms.amend(replace(record, audience=(*others, watcher)))
        return DONE

    def delete_audience(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Watch no longer; success also for who did not."""
        asked = msg.DeleteAudience.from_wire(body)
        only_oneself(caller, asked.user_id)
        record = self._rooms.known(caller.key(asked.room_id))
        if record is not None:
            rest = _without(record, asked.user_id)
            self._rooms.amend(replace(record, audience=rest))
        return DONE

    def get_audiences(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Tell who watches; nobody watches a room that is not there."""
        asked = msg.GetAudiences.from_wire(body)
        record = self._rooms.known(caller.key(asked.room_id))
        watchers = record.audience if record else ()
        return msg.Audience(len(watchers), watchers).to_wire()

    def _room(self, caller: Caller, room_id: str) -> RoomRecord:
        record = self._rooms.known(caller.key(room_id))
        if record is None:
            raise Refused(msg.RoomCode.NO_SUCH_ROOM)
        return record


def _without(record: RoomRecord, user_id: str) -> tuple[msg.Watcher, ...]:
    return tuple(one for one in record.audience if one.user_id != user_id)


def _changed(old: object, asked: msg.SetCustomField) -> int | str:
    if asked.change is msg.FieldChange.SET:
        return asked.value
    if not isinstance(old, int):
        raise msg.BadRequest("fieldName", "holds a text, which cannot be counted")
    return old + (1 if asked.change is msg.FieldChange.INCREASE else -1)
