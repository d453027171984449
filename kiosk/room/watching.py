"""
Watching a live_room without a seat in it: where the one who is on air is played.

Whoever watches is one of the audience (protocol section 4), which gives him the right
to play and no more; servers that know no audience let him look.
"""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from kiosk.errors import NotAMember, RoomError, RoomNotFound
from kiosk.room.codes import RoomCode
from kiosk.room.conversation import Conversation
from kiosk.room.messages import (
    AddAudience,
    DeleteAudience,
    GetPushers,
    GetRoomList,
    Room,
    RoomType,
    RouteUnknown,
)
from kiosk.room.script import Script
from kiosk.room.targets import matching


_PAGE = 100


class _LivePushers(GetPushers):
    """The same question about a live_room, whatever rooms we sit in."""

    FOLDER: ClassVar[str] = RoomType.LIVE.value


class _LiveRooms(GetRoomList):
    """Likewise."""

    FOLDER: ClassVar[str] = RoomType.LIVE.value


class Watching:
    """
    One viewer of the first live_room that a name, an id or a pattern means.

    Args:
        talk: Our requests, whatever rooms they are about.
        target: See :mod:`kiosk.room.targets`.

    """

    def __init__(self, talk: Conversation, target: str) -> None:
        self._talk = talk
        self._target = target
        self._room_id = ""  # where we are or may be of the audience
        self._is_seated = False

    def tune(self, now: float) -> Script[str]:
        """
        Return where to play who is on air, good for a connection now.

        Raises:
            RoomError: No answer; or nobody is on air in such a room.

        """
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        room = yield from self._room()
        if room.room_id != self._room_id or not self._is_seated:
            yield from self._sit_down(room)
        wanted = _LivePushers(room.room_id, self._talk.tickets)
        room = yield from self._talk.ask(wanted)
        for member in sorted(room.members, key=lambda one: one.user_id != room.creator):
            if member.play_url:
                return member.play_url
        if room.members:  # who publishes, hidden from us: the audience is another one
            self._is_seated = False
        code = int(RoomCode.NOT_A_MEMBER)
        raise NotAMember(GetPushers.ROUTE, code, "nobody is on air there")

    def leave(self, now: float) -> Script[None]:
        """Be one of the audience no more; never raises :exc:`RoomError`."""
        self._talk.begin(now)
        room_id, self._room_id, self._is_seated = self._room_id, "", False
        if room_id:
            goodbye = DeleteAudience(room_id, self._talk.user_id)
            with suppress(RoomError):
                yield from self._talk.ask(goodbye)

    def _room(self) -> Script[Room]:
        page = _LiveRooms(_PAGE, 0, self._talk.tickets)
        listed = yield from self._talk.ask(page)
        found = matching(self._target, listed.rooms)
        if not found:
            code = int(RoomCode.NO_SUCH_ROOM)
            raise RoomNotFound(GetRoomList.ROUTE, code, "no such live_room")
        return found[0]

    def _sit_down(self, room: Room) -> Script[None]:
        name = self._talk.identity.user_name
        # Before it is asked: an answer that is not waited for may have seated us.
        self._room_id, self._is_seated = room.room_id, False
        watch = AddAudience(room.room_id, self._talk.user_id, name)
        with suppress(RouteUnknown):
            yield from self._talk.ask(watch)
        self._is_seated = True
