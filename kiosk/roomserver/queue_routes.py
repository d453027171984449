"""
The routes of the queue for seats: lining up, and leaving the line.

Additive: no original has them.  They decide nothing; :mod:`.queue` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.room.answers import Done
from kiosk.room.codes import Dialect
from kiosk.room.event_requests import WaitEvents
from kiosk.room.queue_requests import LeaveQueue, QueueSeat
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import Caller, Hold, ServerClock, only_oneself
from kiosk.roomserver.queue import SeatQueue, bell_of


@dataclass(frozen=True, slots=True)
class QueueHold(Hold):
    """A waiter's poll; the wait's ``room_id`` is his bell."""


class QueueRoutes:
    """The queue as clients see it."""

    def __init__(self, queue: SeatQueue, clock: ServerClock) -> None:
        self._queue = queue
        self._clock = clock

    def queue_seat(self, caller: Caller, body: Wire) -> Wire | Hold:
        """Line up; the answer comes when one's place is not what one knows."""
        asked = QueueSeat.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        now = self._clock.monotonic()
        address = caller.address if caller.dialect is Dialect.V1 else ""
        place = self._queue.line_up(caller.room_type, asked, now, address)
        if asked.hold_s and not place.room_id and place.position == asked.position:
            bell = bell_of(caller.room_type, asked.user_id)
            wait = WaitEvents(bell, asked.user_id, asked.position, asked.hold_s)
            return QueueHold(caller, wait)
        return place.to_wire()

    def leave_queue(self, caller: Caller, body: Wire) -> Wire:
        """Leave the line, or give a kept seat back."""
        asked = LeaveQueue.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        now = self._clock.monotonic()
        self._queue.leave(caller.room_type, asked.user_id, now)
        return Done().to_wire()

    def place_now(self, hold: QueueHold, retry_ms: int = 0) -> Wire:
        """Answer a poll that is over; ``retry_ms`` where it is because we stop."""
        place = self._queue.place_of(hold.wait.room_id)
        return replace(place, retry_ms=retry_ms).to_wire()
