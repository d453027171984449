"""
Getting our stream to the relay: at the beginning of a call, and when it was lost.

Neither ends by itself for the reason that a relay is away for a moment or takes a key no
more: another push URL is asked for, and it is tried again while there is time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from kiosk.errors import (
    MediaError,
    RoomError,
    StreamEnded,
    StreamRefused,
    StreamStalled,
)
from kiosk.ports import Clock, Pusher, RoomService, Seat


log = logging.getLogger(__name__)

_AGAIN_US, _PAUSE_S = 2_500_000, 0.3
_MOVE_PAUSE_S, _LONGEST_MOVE_PAUSE_S = 0.2, 2.0


class Publishing:
    """
    Args:
        room: Gives push URLs.
        clock: Of the machine.
        scatter: Returns a number from 0 to 1; spreads the pauses of many.

    """

    def __init__(
        self, room: RoomService, clock: Clock, scatter: Callable[[], float]
    ) -> None:
        self._room = room
        self._clock = clock
        self._scatter = scatter

    async def begin(self, seat: Seat, start: Callable[[Seat], Awaitable[None]]) -> Seat:
        """
        Publish; return the seat with the push URL that was taken.

        A relay that refuses is asked once more, one that is away for a while.

        Raises:
            DeviceError, MediaError: From the last start.
            RoomError: There is no other push URL.

        """
        until = self._clock.now() + _AGAIN_US
        has_refused = False
        while True:
            try:
                await start(seat)
            except StreamRefused as exc:
                if has_refused:
                    raise
                has_refused, reason = True, str(exc)
            except (StreamEnded, StreamStalled) as exc:
                if self._clock.now() > until:
                    raise
                reason = str(exc)
            else:
                return seat
            log.info("not published yet", extra={"reason": reason})
            await asyncio.sleep(_PAUSE_S * (0.5 + self._scatter()))
            seat = await self._same_seat(seat)

    async def move(self, pusher: Pusher) -> None:
        """Publish under fresh URLs until one holds and is announced."""
        pause = _MOVE_PAUSE_S
        while True:
            try:
                push_url = await self._room.new_push_url()
                await pusher.republish(push_url)
                await self._room.move_stream(push_url)
            except (RoomError, MediaError) as exc:
                log.info("stream not moved yet", extra={"reason": str(exc)})
                # who lost the same relay must not come back in the same second
                await asyncio.sleep(pause * (0.5 + self._scatter()))
                pause = min(_LONGEST_MOVE_PAUSE_S, pause * 1.6)
            else:
                return

    async def _same_seat(self, seat: Seat) -> Seat:
        if not seat.create:
            return await self._room.seat_in(seat.room_id)
        found = await self._room.find_seat()
        return found if isinstance(found, Seat) else seat
