"""
Waiting for a seat: in the server's queue where it keeps one, else by looking.

Whether a server has the additive queue is asked at the beginning of every call;
an original answers that it does not know the route, and is then looked at every
two seconds.  A party that may open rooms does not queue, and neither does one
that speaks v1.  Methods are scripts (see :mod:`kiosk.room.script`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kiosk.errors import RoomError
from kiosk.room.conversation import REQUEST_S, Conversation
from kiosk.room.goodbye import absence_s
from kiosk.room.messages import Dialect, LeaveQueue, QueueSeat, RouteUnknown
from kiosk.room.queue_requests import QueuePlace
from kiosk.room.script import Script


HOLD_S: Final = 10.0
"""How long the server may hold our poll: one that crashed is noticed so late."""
LOOK_S: Final = 2.0
"""The pause between two looks where there is nothing to wait for."""
LEAVE_S: Final = 1.0
_QUICK_S = 0.5


@dataclass(frozen=True, slots=True)
class NoPlace:
    """
    No seat now.

    Attributes:
        reason: ``full`` or ``absent``.
        position: Where we stand in line, where the server tells it.

    """

    reason: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which room it shall be; no id yet where it is to be opened."""

    room_id: str
    label: str
    create: bool


class Queueing:
    """
    Our place in line at one server.

    Args:
        talk: Asks.
        targets: The rooms we wait for.
        lines_up: Whether we queue at all.

    """

    def __init__(
        self, talk: Conversation, targets: tuple[str, ...], *, lines_up: bool
    ) -> None:
        self._talk = talk
        self._targets = targets
        self._lines_up = lines_up
        self._has_queue = False
        self._maybe_in_line = False
        self._position = 0

    def begin(self, give_up_at: float) -> Script[Choice | NoPlace | None]:
        """Line up; None where the server keeps no queue, or not for us."""
        self._has_queue = self._lines_up and self._talk.dialect is Dialect.V2
        if not self._has_queue:
            return None
        self._maybe_in_line = True
        name = self._talk.identity.user_name
        asked = QueueSeat(self._talk.user_id, self._targets, user_name=name)
        try:
            place = yield from self._talk.insist(asked, give_up_at)
        except RouteUnknown:
            self._has_queue = self._maybe_in_line = False
            return None
        return self._read(place)

    def wait(self) -> Script[Choice | NoPlace | None]:
        """
        Wait for a while; return where we stand then, or None to look oneself.

        Raises:
            RoomError: The server did not answer.

        """
        if not self._has_queue:
            yield from self._talk.pause(LOOK_S)
            return None
        began, position = self._talk.now, self._position
        self._maybe_in_line = True
        name = self._talk.identity.user_name
        asked = QueueSeat(self._talk.user_id, self._targets, position, HOLD_S, name)
        place = yield from self._talk.ask(asked, HOLD_S + REQUEST_S)
        found = self._read(place)
        if isinstance(found, NoPlace) and place.retry_ms:
            # It stops and will be back: no failure, and our place is kept.
            yield from self._talk.pause(absence_s(place.retry_ms))
            return found
        unmoved = isinstance(found, NoPlace) and self._position == position
        if unmoved and self._talk.now - began < _QUICK_S:
            yield from self._talk.pause(LOOK_S)  # a full queue, or one that rushes us
        return found

    def seated(self) -> None:
        """Note that we have the seat: that took us out of the line."""
        self._maybe_in_line = False

    def leave(self) -> Script[None]:
        """Leave the line, if we may be in it; whether that works is no matter."""
        if self._maybe_in_line:
            self._maybe_in_line = False
            with suppress(RoomError):  # the server forgets who is silent
                yield from self._talk.ask(LeaveQueue(self._talk.user_id), LEAVE_S)

    def _read(self, place: QueuePlace) -> Choice | NoPlace:
        self._position = place.position
        if place.room_id:
            return Choice(place.room_id, place.label, create=False)
        return NoPlace(place.reason or "full", place.position or None)
