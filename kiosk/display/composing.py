"""
Plan C's one picture: a page as it is where that will do, else all layers blended.

numpy comes with the first picture that needs it, not with the first page.  Whoever
draws holds ``lock``, from the drawing to the handing over.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kiosk.codec.dmabuf import MappedFrame
from kiosk.display.forms import Form
from kiosk.display.layouts import BYTES_PER_PIXEL, layout_of
from kiosk.display.mailbox import Page
from kiosk.display.uapi_numbers import Fourcc
from kiosk.ports import DmabufFrame, Frame, Layer, PageFrame, Rect


if TYPE_CHECKING:
    from kiosk.display.blend import Composer

Pages = dict[Layer, tuple[PageFrame, Rect]]
"""The page that each layer shows, for whoever must draw it again."""


class Composing:
    """
    Draws all layers of a display into one picture.

    Args:
        size: Of the display.
        pages: What the layers show, as far as it is pages; kept by others.

    """

    def __init__(self, size: tuple[int, int], pages: Pages) -> None:
        self.lock = threading.Lock()
        self._size = size
        self._pages = pages
        self._composer: Composer | None = None

    def is_empty(self, layer: Layer) -> bool:
        """Whether a layer over the lowest shows nothing."""
        if layer is Layer.BASE:
            return False
        return self._composer is None or not self._composer.has(layer)

    def draw(self, layer: Layer, frame: Frame | None, at: Rect) -> Form | Page:
        """
        Return what the display is to show once ``frame`` is on ``layer``.

        Raises:
            DeviceError: If a dma-buf cannot be read.

        """
        if self._composer is None:
            plain = self._plain(layer, frame, at)
            if plain is not None:
                return plain
        composer = self._composer or self._begun(layer)
        if isinstance(frame, DmabufFrame):
            with MappedFrame(frame) as soft:
                composer.put(layer, soft, at)
        elif frame is None:
            composer.remove(layer)
        else:
            composer.put(layer, frame, at)
        pixels = composer.draw()
        layout = layout_of(Fourcc.XR24, *self._size, (self._size[0] * BYTES_PER_PIXEL,))
        return Form(layout, (pixels,), layout.pitches)

    def _plain(self, layer: Layer, frame: Frame | None, at: Rect) -> Page | None:
        """Return what needs no blending: one page that is all of the display."""
        others = {o: page for o, page in list(self._pages.items()) if o is not layer}
        if frame is None and others.keys() == {Layer.BASE}:
            layer = Layer.BASE  # what is left once the other is hidden
            frame, at = others.pop(layer)
        if others:
            return None
        width, height = self._size
        if frame is None:  # not off: some drivers' only plane must be on
            frame = PageFrame(width, height, bytes(width * height * BYTES_PER_PIXEL))
            return Page(frame, Rect(0, 0, width, height))
        is_whole = at == Rect(0, 0, width, height)
        is_one_to_one = (frame.width, frame.height) == self._size
        if isinstance(frame, PageFrame) and is_whole and is_one_to_one:
            return Page(frame, at) if layer is Layer.BASE else None
        return None

    def _begun(self, layer: Layer) -> Composer:
        from kiosk.display.blend import Composer  # noqa: PLC0415 -- brings numpy

        self._composer = Composer(self._size)
        for other, (page, at) in list(self._pages.items()):
            if other is not layer:
                self._composer.put(other, page, at)
        return self._composer
