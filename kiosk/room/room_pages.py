"""
The list of rooms, read page by page, and who of some people sits in which room there.

Servers read a count of 0 each in another way (protocol sections 3 and 4): it is never
asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kiosk.room.conversation import Conversation
from kiosk.room.messages import GetRoomList, Room
from kiosk.room.script import Script


PAGE: Final = 50
"""Rooms asked for at once."""
MAX_PAGES: Final = 20


def read_rooms(talk: Conversation, give_up_at: float) -> Script[tuple[Room, ...]]:
    """
    Read the list of rooms.

    Raises:
        RoomError: A page was not read, though asked for until ``give_up_at``.

    """
    rooms: list[Room] = []
    for page in range(MAX_PAGES):
        wanted = GetRoomList(PAGE, page * PAGE, talk.tickets)
        answer = yield from talk.insist(wanted, give_up_at)
        rooms.extend(answer.rooms)
        if len(answer.rooms) < PAGE:
            break
    return tuple(rooms)


def sits_elsewhere(
    rooms: Iterable[Room], room_id: str, label: str, people: frozenset[str]
) -> bool:
    """Say whether any of some people has a seat in another room of that label."""
    return any(
        member.user_id in people
        for room in rooms
        if room.label == label and room.room_id != room_id
        for member in room.members
    )
