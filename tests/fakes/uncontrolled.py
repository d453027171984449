"""A pusher that lets the network do what it will: what rate control is good for."""

from __future__ import annotations

from typing_extensions import override

from kiosk.media.flow import Reading
from kiosk.media.qos import RateController, Steering
from kiosk.ports import Micros


class Uncontrolled(RateController):
    """Sees everything and does nothing: never brakes, never another rate."""

    @override
    def observe(self, reading: Reading, now: Micros) -> Steering:
        return self.steering
