"""
What calls stand on beside the room service: the network to it, and the time.

Why the service does not answer is told in the words that help whoever stands there.
The first of these that is so: the network lacks something; the certificate is refused
while nobody vouches for our time; else what the error says of itself.
"""

from __future__ import annotations

import os
from typing import Final

from kiosk.app.network_truth import NetworkTruth
from kiosk.app.right_time import CURE, RightTime, floor_of
from kiosk.errors import RoomError, RoomUnreachable
from kiosk.ports import Clock
from kiosk.proxy import Proxy


_NOT_TRUSTED: Final = "certificate is not trusted"


class Footing:
    """
    Args:
        url: Of the room service.
        clock: Tells the time of day.
        proxy: Is gone through, if it leads there.

    Attributes:
        network: Looks at the way there.
        right_time: Looks at the clock.

    """

    def __init__(self, url: str, clock: Clock, proxy: Proxy | None = None) -> None:
        self.network = NetworkTruth(url, proxy=proxy)
        self.right_time = RightTime(floor_of(os.environ), clock.wall_s)

    async def explain(self, error: RoomError) -> str:
        """Return why the room service does not answer, with a code; within seconds."""
        said = f"{error.code} {error}"
        if not isinstance(error, RoomUnreachable):
            return said
        if missing := (await self.network.look()).reason:
            return missing
        if self.right_time.facts.synchronized or _NOT_TRUSTED not in said:
            return said
        return f"{said}; no time server vouches for our clock: {CURE}"
