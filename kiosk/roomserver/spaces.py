"""
Under which key the tables keep a room, so that types never meet.

Every table (records, events, waits, grants) has one key for a room: the bare id
in a ``double_room``, ``<type>/<id>`` in the others.  No id holds a ``/``, so no
two rooms share a key.  Only the routes turn ids into keys and back.
"""

from __future__ import annotations

from kiosk.room.room_types import RoomType


_MARK = "/"


def key_of(room_type: RoomType, room_id: str) -> str:
    """Return the key of a room; an id as :func:`~kiosk.room.fields.valid_id` has it."""
    bare = room_type is RoomType.DOUBLE
    return room_id if bare else f"{room_type.value}{_MARK}{room_id}"


def type_of(key: str) -> RoomType:
    """Return the type of the room with a key."""
    if _MARK not in key:  # as most are, and a list of rooms asks of each
        return RoomType.DOUBLE
    return RoomType(key.partition(_MARK)[0])


def id_of(key: str) -> str:
    """Return the id a room's clients know it by."""
    return key.rpartition(_MARK)[2]
