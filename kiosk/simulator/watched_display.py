"""
The display as the page sees it: any display that can be looked at, with its cable.

Nothing is copied here.  That a plane changed is told; whoever wants to know how it
looks now asks ``newest``.  With the cable pulled frames still reach the display, so
that the picture of that moment is there when it is plugged in again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kiosk.ports import (
    Display,
    Frame,
    Layer,
    Micros,
    PageFrame,
    Probe,
    Rect,
    SoftFrame,
)
from kiosk.simulator.switches import Switch, Switches


if TYPE_CHECKING:
    from PIL.Image import Image


class Glass(Display, Protocol):
    """A display that can be looked at; any thread."""

    def newest(self, layer: Layer) -> SoftFrame | PageFrame | None:
        """Return a copy of what is on a layer; ``None`` when it is off."""
        ...

    def rect(self, layer: Layer) -> Rect | None:
        """Return where that is on the display; ``None`` when it is off."""
        ...

    def composed(self) -> Image:
        """Return all layers as one picture; takes tens of milliseconds."""
        ...


class WatchedDisplay:
    """
    Implements :class:`kiosk.ports.Display` before another one.

    Args:
        glass: Where pictures really go.
        switches: ``SCREEN`` pulls the cable.
        on_change: Told when a layer changed, on the thread that changed it.

    """

    def __init__(
        self,
        glass: Glass,
        switches: Switches,
        on_change: Callable[[Layer], None],
    ) -> None:
        self._glass = glass
        self._switches = switches
        self._on_change = on_change
        switches.listen(self._throw)

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        if self._is_unplugged:
            return Probe("nothing", "no display", "plug the display in")
        return Probe(f"{self._glass.probe().found}, shown on the simulator page")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._glass.size

    def open(self) -> None:
        """Take the display."""
        self._glass.open()

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """Put a frame on a layer; ``None`` while the cable is pulled."""
        shown_at = self._glass.show(layer, frame, at)
        if self._is_unplugged:
            return None
        self._on_change(layer)
        return shown_at

    def hide(self, layer: Layer) -> None:
        """Switch a layer off."""
        self._glass.hide(layer)
        self._on_change(layer)

    def save_png(self, path: str) -> None:
        """Write what is on the glass."""
        self._glass.save_png(path)

    def close(self) -> None:
        """Give the display back."""
        self._glass.close()
        for layer in Layer:
            self._on_change(layer)

    def newest(self, layer: Layer) -> SoftFrame | PageFrame | None:
        """Return what can be seen on a layer."""
        return None if self._is_unplugged else self._glass.newest(layer)

    def rect(self, layer: Layer) -> Rect | None:
        """Return where that is."""
        return self._glass.rect(layer)

    def composed(self) -> Image:
        """Return all layers as one picture, whatever the cable."""
        return self._glass.composed()

    @property
    def _is_unplugged(self) -> bool:
        return self._switches.is_on(Switch.SCREEN)

    def _throw(self, switch: Switch, on: bool) -> None:  # noqa: FBT001 -- a callback's
        if switch is Switch.SCREEN:
            for layer in Layer:
                self._on_change(layer)
