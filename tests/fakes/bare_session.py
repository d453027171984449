"""A session without a seat, against a script of answers."""

from __future__ import annotations

from kiosk.room.messages import Dialect
from kiosk.room.session import RoomSession, Wanted
from tests.fakes.room_answers import conversation


def session(
    *targets: str, create: bool = False, dialect: Dialect | None = None
) -> RoomSession:
    return RoomSession(conversation(dialect), Wanted(targets, create))
