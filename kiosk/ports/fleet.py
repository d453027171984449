"""Where a kiosk reports to, as its daemon sees it."""

from __future__ import annotations

from typing import Protocol

from kiosk.room.fleet_report import FleetReport


class FleetService(Protocol):
    """Takes reports; the room service of the same server does."""

    async def report(self, report: FleetReport) -> None:
        """
        Send one report; has its own total deadline.

        Raises:
            RoomError: It did not arrive, or the server does not want any.

        """
        ...
