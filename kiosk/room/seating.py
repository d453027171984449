"""
Taking a seat in a room, opening the room first where that is asked for.

Three ways, by dialect (protocol 7.1): v1 opens a room and sits in it with one
request that carries the push URL; v2 reserves an id first and sits down then;
in both ``add_pusher`` takes a seat in a room that exists, and refreshes it when
it is ours already.  The stream must be published before.
"""

from __future__ import annotations

from kiosk.errors import RoomRefused
from kiosk.room.conversation import Conversation
from kiosk.room.messages import (
    AddPusher,
    CreateRoom,
    Dialect,
    RoomCode,
    RoomCreated,
    Seated,
)
from kiosk.room.script import Script


def sit_down(
    talk: Conversation, room_id: str, label: str, push_url: str, give_up_at: float
) -> Script[Seated]:
    """
    Take (or refresh) a seat in a room that exists.

    Raises:
        RoomFull: Somebody was faster.
        RoomNotFound: There is no such room.

    """
    add = AddPusher(
        room_id=room_id,
        user_id=talk.user_id,
        user_name=talk.identity.user_name,
        user_avatar=talk.identity.user_avatar,
        push_url=push_url,
        label=label if talk.dialect is Dialect.V2 else "",
    )
    return (yield from talk.insist(add, give_up_at))


def open_room(
    talk: Conversation,
    room_id: str,
    label: str,
    push_url: str,
    give_up_at: float,
    *,
    creator: str = "",
) -> Script[RoomCreated]:
    """
    Open a room; with v1 that takes the seat too.

    Of originals it is asked once: an answer that was lost may have opened one.

    Args:
        talk: Asks.
        room_id: The id it shall have; empty leaves it to the server.
        label: What people call it.
        push_url: Where our stream is published.
        give_up_at: Until when it is repeated, where that opens no second one.
        creator: Whose it is, where not of the first who sits; v1 knows no other.

    """
    create = CreateRoom(
        talk.user_id,
        label,
        room_id=room_id,
        user_name=talk.identity.user_name,
        user_avatar=talk.identity.user_avatar,
        push_url=push_url if talk.dialect is Dialect.V1 else "",
        creator=creator if talk.dialect is Dialect.V2 else "",
    )
    return (yield from talk.insist_once(create, give_up_at))


def open_again(
    talk: Conversation,
    room_id: str,
    label: str,
    push_url: str,
    give_up_at: float,
    *,
    creator: str,
) -> Script[None]:
    """
    Open a room that its server forgot; our peer may have been faster.

    It stays whose it was: ours, it would not end with the one all came to see.
    """
    seat = talk, room_id, label or room_id, push_url, give_up_at
    try:
        yield from open_room(*seat, creator=creator)
    except RoomRefused as error:
        if error.room_code != RoomCode.ROOM_ID_TAKEN:
            raise
