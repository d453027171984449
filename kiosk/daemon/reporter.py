"""
Tells the operators now and then that this kiosk is alive, and how it is.

Beside the call and never in its way: a report that fails is dropped, the next
one says the same and more.  Goes on in a call, whose state is part of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Never

from kiosk.errors import RoomError
from kiosk.ports.fleet import FleetService
from kiosk.room.fleet_report import FleetReport
from kiosk.room.messages import RouteUnknown


log = logging.getLogger(__name__)

UNWANTED_PERIODS: Final = 20
"""How many periods to be quiet when the server knows no reports."""


class Reporter:
    """
    Sends reports until cancelled.

    Args:
        fleet: Takes them.
        facts: Makes one; quick.
        period_s: Between two of them.
        scatter: Returns a number from 0 to 1: kiosks switched on together must
            not report together.
        sleep: Waits; ``asyncio.sleep`` but in tests.

    """

    def __init__(
        self,
        fleet: FleetService,
        facts: Callable[[], FleetReport],
        period_s: float,
        scatter: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._fleet = fleet
        self._facts = facts
        self._period_s = period_s
        self._scatter = scatter
        self._sleep = sleep
        self._arrived = True

    async def run(self) -> Never:
        """Report for ever."""
        pause = self._period_s * self._scatter()
        while True:
            await self._sleep(pause)
            pause = self._period_s
            try:
                await self._fleet.report(self._facts())
            except RoomError as exc:
                if isinstance(exc, RouteUnknown):
                    pause *= UNWANTED_PERIODS
                self._note(arrived=False, code=exc.code, reason=str(exc))
            else:
                self._note(arrived=True)

    def _note(self, *, arrived: bool, code: str = "", reason: str = "") -> None:
        """Log a change, not every failure: the room service logs its own."""
        if arrived != self._arrived:
            if arrived:
                log.info("report arrived again")
            else:
                log.info("report not taken", extra={"code": code, "reason": reason})
        self._arrived = arrived
