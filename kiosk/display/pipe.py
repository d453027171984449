"""What lights a display: a connector, a CRTC that feeds it, and a mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.display.card import Card
from kiosk.display.objects import Mode, Plane
from kiosk.display.plan import switched_off
from kiosk.display.uapi_numbers import ObjectType


@dataclass(frozen=True, slots=True)
class Pipe:
    """
    What lights the display: connector, CRTC and mode.

    Attributes:
        planes: All planes of that CRTC.
        on, off: Properties that light it and make it dark, by object.
        blob: The mode, as the kernel holds it.

    """

    crtc: int
    mode: Mode
    planes: tuple[Plane, ...]
    on: Mapping[int, Mapping[int, int]]
    off: Mapping[int, Mapping[int, int]]
    blob: int

    def everything_off(self) -> dict[int, dict[int, int]]:
        """Return a state in which it is lit and shows nothing."""
        request = {number: dict(values) for number, values in self.on.items()}
        return request | {plane.id: switched_off(plane) for plane in self.planes}

    def dark(self) -> dict[int, dict[int, int]]:
        """Return a state in which it is dark."""
        request = {number: dict(values) for number, values in self.off.items()}
        return request | {plane.id: switched_off(plane) for plane in self.planes}


def pipe_of(card: Card, connector: int, crtc: int, mode: Mode) -> Pipe:
    """
    Return what lights a connector.

    Raises:
        OSError: If the card is gone.

    """
    crtc_ids = card.properties(crtc, ObjectType.CRTC).ids
    connector_ids = card.properties(connector, ObjectType.CONNECTOR).ids
    blob = card.new_blob(mode.raw)
    active, mode_id = crtc_ids["ACTIVE"], crtc_ids["MODE_ID"]
    to_crtc = connector_ids["CRTC_ID"]
    return Pipe(
        crtc,
        mode,
        tuple(plane for plane in card.planes() if crtc in plane.crtcs),
        {crtc: {active: 1, mode_id: blob}, connector: {to_crtc: crtc}},
        {crtc: {active: 0, mode_id: 0}, connector: {to_crtc: 0}},
        blob,
    )
