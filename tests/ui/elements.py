"""
Screens drawn by an artist whose canvas notes every element, and may leave one out.

The product's own drawing code runs unchanged; only the canvas it draws on is
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops

from kiosk.ui.canvas import CLEAR, Box, Canvas
from kiosk.ui.contrast import Ink
from kiosk.ui.draw import Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout
from kiosk.ui.screens import ScreenContent
from kiosk.ui.signs import Icon
from kiosk.ui.snapshot import as_image, put_over
from kiosk.ui.typesetting import Typesetter


PixelBox = tuple[int, int, int, int]

FONTS = Fonts()
PICTURE_BELOW = (128, 140, 150)
"""In the place of video, below an overlay."""
ABOVE_BASELINE, BELOW_BASELINE = 0.76, 0.14
"""Of a text's size: what its letters cover, accents and tails left out."""


@dataclass(frozen=True, slots=True)
class Element:
    """
    Something that was drawn.

    Attributes:
        kind: "text", "icon", "panel", "frame", "arc" or "picture".
        box: The pixels it may have changed.
        ink: Its colour.
        grounds: The darkest and the lightest colour that was there before.
        size: Of text, in units.
        text: The words, or the name of a sign.

    """

    kind: str
    box: PixelBox
    ink: Ink = (0, 0, 0)
    grounds: tuple[Ink, Ink] = ((0, 0, 0), (0, 0, 0))
    size: float = 0.0
    text: str = ""
    opacity: float = 1.0


class Notes:
    """What was drawn on one picture, and which element of it is left out."""

    def __init__(self, left_out: int | None = None) -> None:
        self.elements: list[Element] = []
        self._left_out = left_out

    def canvas(self, image: Image.Image, scale: float, type_: Typesetter) -> Canvas:
        return _NotingCanvas(self, image, scale, type_)

    def takes(self, element: Element) -> bool:
        """Note an element; return whether it is drawn."""
        self.elements.append(element)
        return len(self.elements) - 1 != self._left_out


class _NotingCanvas(Canvas):
    def __init__(
        self, notes: Notes, image: Image.Image, scale: float, type_: Typesetter
    ) -> None:
        super().__init__(image, scale, type_)
        self._notes = notes

    def panel(  # type: ignore[explicit-override]
        self, box: Box, radius: float, ink: Ink, opacity: float = 1.0
    ) -> None:
        if self._takes("panel", box, ink, opacity=opacity):
            super().panel(box, radius, ink, opacity)

    def frame(  # type: ignore[explicit-override]
        self, box: Box, radius: float, width: float, ink: Ink
    ) -> None:
        left, top, right, bottom = box
        around = (left - width, top - width, right + width, bottom + width)
        if self._takes("frame", around, ink):
            super().frame(box, radius, width, ink)

    def arc(  # type: ignore[explicit-override]
        self,
        x: float,
        y: float,
        radius: float,
        width: float,
        ink: Ink,
        *,
        start: float,
        end: float,
    ) -> None:
        box = (x - radius, y - radius, x + radius, y + radius)
        if self._takes("arc", box, ink):
            super().arc(x, y, radius, width, ink, start=start, end=end)

    def picture(  # type: ignore[explicit-override]
        self, picture: Image.Image, box: Box, radius: float = 0.0
    ) -> None:
        if self._takes("picture", box, (0, 0, 0)):
            super().picture(picture, box, radius)

    def icon(  # type: ignore[explicit-override]
        self, icon: Icon, x: float, y: float, size: float, ink: Ink
    ) -> None:
        half = size / 2
        box = (x - half, y - half, x + half, y + half)
        if self._takes("icon", box, ink, text=icon.name):
            super().icon(icon, x, y, size, ink)

    def text(  # type: ignore[explicit-override]
        self,
        x: float,
        baseline: float,
        text: str,
        size: float,
        ink: Ink,
        *,
        bold: bool = False,
        align: float = 0.0,
    ) -> float:
        width = self.text_width(text, size, bold=bold)
        left = x - align * width
        top, bottom = baseline - ABOVE_BASELINE * size, baseline + BELOW_BASELINE * size
        box = (left, top, left + width, bottom)
        if self._takes("text", box, ink, text=text, size=size):
            super().text(x, baseline, text, size, ink, bold=bold, align=align)
        return width

    def _takes(
        self,
        kind: str,
        box: Box,
        ink: Ink,
        *,
        text: str = "",
        size: float = 0.0,
        opacity: float = 1.0,
    ) -> bool:
        scale = self.image.width / self.width
        left, top, right, bottom = (round(side * scale) for side in box)
        pixels = (
            max(0, left),
            max(0, top),
            min(self.image.width, max(right, left + 1)),
            min(self.image.height, max(bottom, top + 1)),
        )
        grounds = (
            self._grounds(pixels) if kind in {"text", "icon"} else ((0, 0, 0),) * 2
        )
        return self._notes.takes(
            Element(kind, pixels, ink, grounds, size, text, opacity)
        )

    def _grounds(self, box: PixelBox) -> tuple[Ink, Ink]:
        """Return the least and the most of each channel, over black and white."""
        if box[0] >= box[2] or box[1] >= box[3]:
            return (0, 0, 0), (0, 0, 0)
        below = self.image.crop(box)
        rgb = below.convert("RGB")
        lightest = rgb
        if self.image.mode == CLEAR:
            alpha = below.getchannel(3).point(list(range(255, -1, -1)))
            lightest = ImageChops.add(rgb, Image.merge("RGB", (alpha,) * 3))
        return _extreme(rgb, 0), _extreme(lightest, 1)


def _extreme(image: Image.Image, end: int) -> Ink:
    red, green, blue = (channel.getextrema()[end] for channel in image.split())
    return int(red), int(green), int(blue)  # type: ignore[arg-type]


class Drawn:
    """A screen as pixels and as elements."""

    def __init__(self, image: Image.Image, elements: list[Element]) -> None:
        self.image = image
        self.elements = elements

    def of(self, *kinds: str) -> Iterator[Element]:
        return (element for element in self.elements if element.kind in kinds)


def draw(content: ScreenContent, layout: Layout, left_out: int | None = None) -> Drawn:
    """Draw a screen, but for the element of that number."""
    notes = Notes(left_out)
    artist = _artist(layout, notes.canvas)
    if not content.over_picture:
        image = as_image(artist.page(content)).convert("RGB")
        return Drawn(image, notes.elements)
    image = Image.new("RGB", layout.size, PICTURE_BELOW)
    over, at = artist.over(content)
    put_over(image, over, at)
    return Drawn(image, notes.elements)


def _artist(
    layout: Layout, canvas: Callable[[Image.Image, float, Typesetter], Canvas]
) -> Artist:
    return Artist(layout, FONTS, canvas=canvas)
