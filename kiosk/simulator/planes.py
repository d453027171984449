"""
The planes as bytes for a page: encoded once each, however many pages look.

Moving pictures become JPEGs straight from their colour planes, drawn pages PNGs, and
those only when a pixel changed: a page of 1280x720 takes 20 ms.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from kiosk.codec.jpeg_stream import JpegStream
from kiosk.ports import Layer, PageFrame, Rect, SoftFrame
from kiosk.simulator.watched_display import WatchedDisplay
from kiosk.simulator.wire import NOWHERE, Kind


PNG_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class Look:
    """
    How a plane looks.

    Attributes:
        kind: PICTURE, PAGE or OFF.
        at: Where it is on the display.
        body: The message's.
        size: Of the picture itself, in pixels.
        pixels: Its format, for people.

    """

    kind: Kind
    at: Rect = NOWHERE
    body: bytes = b""
    size: tuple[int, int] = (0, 0)
    pixels: str = ""


OFF: Final = Look(Kind.OFF)


class Planes:
    """
    Encodes what is on a display; on the page server's thread.

    Args:
        display: What to look at.

    """

    def __init__(self, display: WatchedDisplay) -> None:
        self._display = display
        self._streams = {layer: JpegStream() for layer in Layer}
        self._looks: dict[Layer, tuple[int, Look]] = {}
        self._pages: dict[Layer, tuple[PageFrame, bytes]] = {}

    def look(self, layer: Layer, change: int) -> Look:
        """
        Return how a layer looks.

        Args:
            layer: Which one.
            change: Number of its latest change; the same one, the same look.

        """
        number, look = self._looks.get(layer, (-1, OFF))
        if number != change:
            look = self._encoded(layer)
            self._looks[layer] = change, look
        return look

    def _encoded(self, layer: Layer) -> Look:
        frame, at = self._display.newest(layer), self._display.rect(layer)
        if frame is None or at is None:
            return OFF
        size = frame.width, frame.height
        if isinstance(frame, SoftFrame):
            body = self._streams[layer].encode(frame)
            return Look(Kind.PICTURE, at, body, size, _format_of(frame))
        return Look(Kind.PAGE, at, self._png(layer, frame), size, "ARGB8888")

    def _png(self, layer: Layer, page: PageFrame) -> bytes:
        drawn = self._pages.get(layer)
        if drawn is None or drawn[0] != page:
            drawn = self._pages[layer] = page, png_of(page)
        return drawn[1]


def png_of(page: PageFrame) -> bytes:
    """Return a page as a PNG, whose alpha is straight where a page's is not."""
    from PIL import Image  # noqa: PLC0415 -- 50 ms, for those who look at a page

    size = page.width, page.height
    image = Image.frombuffer("RGBa", size, page.pixels, "raw", "BGRa", 0, 1)
    file = io.BytesIO()
    image.convert("RGBA").save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def _format_of(frame: SoftFrame) -> str:
    matrix = frame.matrix.value.upper().replace("BT", "BT.")
    return f"YUV420 {matrix} {'full' if frame.full_range else 'limited'}"
