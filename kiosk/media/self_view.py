"""
The picture of oneself in a corner of the display.

Shown from the camera's thread, straight from the uncoded picture; taken away
as soon as the camera is closed or lost, so that it never shows the past.
"""

from __future__ import annotations

from kiosk.ports import Display, DmabufFrame, Layer, Rect, SoftFrame


_MARGIN = 0.02  # of the display's width


class SelfView:
    """
    Shows the camera's small pictures on the ``PIP`` layer.

    Args:
        display: Where.
        share: Width as part of the display's width.

    """

    def __init__(self, display: Display, share: float) -> None:
        self._display = display
        self._share = share

    def show(self, frame: SoftFrame | DmabufFrame) -> None:
        """Show a picture, bottom right; on the camera's thread."""
        width, height = self._display.size
        margin = round(width * _MARGIN)
        own_width = round(width * self._share) & ~1
        own_height = own_width * frame.height // frame.width & ~1
        at = Rect(
            width - margin - own_width,
            height - margin - own_height,
            own_width,
            own_height,
        )
        self._display.show(Layer.PIP, frame, at)

    def hide(self) -> None:
        """Take it away; any thread."""
        self._display.hide(Layer.PIP)
