"""
The picture of oneself in a corner of the display.

Shown from the camera's thread, straight from the uncoded picture, as a mirror
would show it; taken away as soon as the camera is closed or lost, so that it
never shows the past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.ports import Display, DmabufFrame, Layer, Rect, SoftFrame


Size = tuple[int, int]
PlaceSelfView = Callable[[Size, Size], Rect]
"""From the sizes of the display and the camera's picture to the place."""


class SelfView:
    """
    Shows the camera's small pictures on the ``PIP`` layer.

    Args:
        display: Where.
        place: Where on it; whoever draws the frame around it decides.

    """

    def __init__(self, display: Display, place: PlaceSelfView) -> None:
        self._display = display
        self._place = place

    def show(self, frame: SoftFrame | DmabufFrame) -> None:
        """Show a picture; on the camera's thread."""
        at = self._place(self._display.size, (frame.width, frame.height))
        self._display.show(Layer.PIP, replace(frame, mirrored=True), at)

    def hide(self) -> None:
        """Take it away; any thread."""
        self._display.hide(Layer.PIP)
