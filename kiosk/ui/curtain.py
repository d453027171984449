"""
Between the media and the display: pictures of people appear only in a call.

Screens and media share the base layer, and they run on threads of their own.
When a call ends, its page is on the display within 50 ms, but camera and
streams take up to a second to close; until then pictures still come, and at the
end the player hides the layer that is the page's by now.  So:

1. With the curtain down, pictures of the media are dropped.
2. The media hide the base layer only while it holds a picture of theirs.
3. The base layer takes the first picture of a call while a page is still on it;
   further layers take pictures only once they were given a place.
4. The stream of an idle screen has a way of its own, which is shut in a call.

It decides nothing: the presenter lowers and lifts it with the screens.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from kiosk.ports import (
    Display,
    DmabufFrame,
    Frame,
    Layer,
    Micros,
    PageFrame,
    Probe,
    Rect,
)
from kiosk.ui.layout import fitted


_FURTHER = (Layer.SECOND, Layer.THIRD)


class Curtain:
    """
    Implements :class:`kiosk.ports.Display` for the media; down at first.

    Args:
        display: What is behind it; opened and closed by its owner.

    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._lock = threading.Lock()
        self._is_down = True
        self._has_television = False
        self._page_on_base = False
        self._places: Mapping[Layer, Rect | None] = {}

    @property
    def is_down(self) -> bool:
        """Whether pictures of the media are dropped."""
        return self._is_down

    def lower(self) -> None:
        """Drop all pictures of the media from now on; what is there stays."""
        with self._lock:
            self._is_down = True

    def lift(self) -> None:
        """Let pictures of the media through."""
        with self._lock:
            self._is_down = False

    def allow_television(self, *, allowed: bool) -> None:
        """Let the idle screen's stream through, or drop it from now on."""
        with self._lock:
            self._has_television = allowed

    def show_television(self, frame: Frame) -> Micros | None:
        """Put a picture of the idle screen's stream on the base, or drop it."""
        with self._lock:
            if self._has_television:
                self._page_on_base = False
                return self._display.show(Layer.BASE, frame)
        if isinstance(frame, DmabufFrame):
            frame.release()
        return None

    def hide_television(self) -> None:
        """Take the last picture of the stream away, if it is on the base still."""
        with self._lock:
            if self._has_television and not self._page_on_base:
                self._display.hide(Layer.BASE)

    def show_page(self, page: PageFrame) -> None:
        """Put a page on the base layer; the media cannot hide it."""
        with self._lock:
            self._page_on_base = True
            self._display.show(Layer.BASE, page)

    def place(self, places: Mapping[Layer, Rect | None]) -> None:
        """
        Put pictures of peers where they belong from now on.

        Args:
            places: By layer; ``None`` is the whole display. A layer that is not
                named is ``BASE`` with all of it, or shows nothing.

        """
        with self._lock:
            self._places = places

    def take_page_away(self) -> None:
        """Leave the base layer empty, if it holds a page."""
        with self._lock:
            if self._page_on_base:
                self._page_on_base = False
                self._display.hide(Layer.BASE)

    def probe(self) -> Probe:
        """Ask the display."""
        return self._display.probe()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the display in pixels."""
        return self._display.size

    def open(self) -> None:
        """Nothing: the display is its owner's to open."""

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """Put a picture of the media on a layer, or drop it; any thread."""
        with self._lock:
            if not self._is_down and (layer not in _FURTHER or layer in self._places):
                if layer is Layer.BASE:
                    self._page_on_base = False
                cell = self._places.get(layer)
                if at is None and cell is not None:
                    at = fitted(cell, (frame.width, frame.height))
                return self._display.show(layer, frame, at)
        if isinstance(frame, DmabufFrame):
            frame.release()
        return None

    def hide(self, layer: Layer) -> None:
        """Switch a layer off, unless a page is on it; any thread."""
        with self._lock:
            if layer is not Layer.BASE or not self._page_on_base:
                self._display.hide(layer)

    def save_png(self, path: str) -> None:
        """Let the display write what is on it."""
        self._display.save_png(path)

    def close(self) -> None:
        """Nothing: the display is its owner's to close."""


class TelevisionScreen:
    """Implements :class:`kiosk.ports.Display` for the idle screen's stream."""

    def __init__(self, curtain: Curtain) -> None:
        self._curtain = curtain

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the display in pixels."""
        return self._curtain.size

    def probe(self) -> Probe:
        """Ask the display."""
        return self._curtain.probe()

    def open(self) -> None:
        """Nothing: the display is its owner's to open."""

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """Put a picture on the whole base layer, or drop it; any thread."""
        return self._curtain.show_television(frame)

    def hide(self, layer: Layer) -> None:
        """Take the last picture away, if it is there still; any thread."""
        self._curtain.hide_television()

    def save_png(self, path: str) -> None:
        """Let the display write what is on it."""
        self._curtain.save_png(path)

    def close(self) -> None:
        """Nothing: the display is its owner's to close."""
