"""
A picture to draw on, in units.

Pixels are premultiplied all the way: pasting an opaque ink through a mask is
then exactly "over", on a page as on a transparent overlay, and nothing has to
be converted at the end.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from kiosk.ports import PageFrame, Rect
from kiosk.ui.contrast import Ink
from kiosk.ui.icons import OVERSAMPLING, icon_mask
from kiosk.ui.signs import Icon
from kiosk.ui.typesetting import Typesetter


Box = tuple[float, float, float, float]

OPAQUE: Final = 255
CLEAR: Final = "RGBX"
"""
Mode of a picture that begins transparent: its fourth channel is our alpha.  In
Pillow's own RGBA a mask over a clear pixel sets the colour unmultiplied.
"""


class Canvas:
    """
    Draws on one picture; all lengths are units, all places from the top left.

    Args:
        image: Opaque RGBA, or of :data:`CLEAR`; changed in place.
        scale: Pixels of one unit.
        type_: Measures text in that scale.

    """

    def __init__(self, image: Image.Image, scale: float, type_: Typesetter) -> None:
        self.image = image
        self._scale = scale
        self._type = type_
        self._draw = ImageDraw.Draw(image)

    @property
    def width(self) -> float:
        """Width of the picture in units."""
        return self.image.width / self._scale

    @property
    def height(self) -> float:
        """Height of the picture in units."""
        return self.image.height / self._scale

    def panel(self, box: Box, radius: float, ink: Ink, opacity: float = 1.0) -> None:
        """Fill a rounded rectangle."""
        left, top, right, bottom = (round(side * self._scale) for side in box)
        if right <= left or bottom <= top:
            return
        size = (right - left, bottom - top)
        corner = min(round(radius * self._scale), min(size) // 2)
        mask = _rounded(size, corner, round(OPAQUE * opacity))
        self.image.paste((*ink, OPAQUE), (left, top), mask)

    def frame(self, box: Box, radius: float, width: float, ink: Ink) -> None:
        """Draw a rounded rectangle around ``box``; its inside stays as it is."""
        left, top, right, bottom = (round(side * self._scale) for side in box)
        border = max(1, round(width * self._scale))
        size = (right - left + 2 * border, bottom - top + 2 * border)
        if min(size) <= 2 * border:
            return
        corner = min(round(radius * self._scale) + border, min(size) // 2)
        mask = _rounded(size, corner, OPAQUE).copy()
        inner = (right - left, bottom - top)
        hole = _rounded(inner, max(0, corner - border), OPAQUE)
        mask.paste(0, (border, border), hole)
        self.image.paste((*ink, OPAQUE), (left - border, top - border), mask)

    def disc(
        self, x: float, y: float, radius: float, ink: Ink, opacity: float = 1.0
    ) -> None:
        """Fill a circle."""
        box = (x - radius, y - radius, x + radius, y + radius)
        self.panel(box, radius, ink, opacity)

    def ring(self, x: float, y: float, radius: float, width: float, ink: Ink) -> None:
        """Draw a circle whose outer edge is at ``radius``."""
        inner = radius - width
        box = (x - inner, y - inner, x + inner, y + inner)
        self.frame(box, inner, width, ink)

    def arc(
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
        """Draw a part of a circle, clockwise; in degrees from three o'clock on."""
        side = 2 * max(1, round(radius * self._scale))
        corner = (
            round(x * self._scale) - side // 2,
            round(y * self._scale) - side // 2,
        )
        mask = _arc(side, max(1, round(width * self._scale)), start, end)
        self.image.paste((*ink, OPAQUE), corner, mask)

    def picture(self, picture: Image.Image, box: Box, radius: float = 0.0) -> None:
        """Draw a picture in RGBA, scaled to fill ``box``."""
        left, top, right, bottom = (round(side * self._scale) for side in box)
        size = (max(1, right - left), max(1, bottom - top))
        scaled = picture.resize(size, Image.Resampling.LANCZOS)
        mask = scaled.getchannel("A")
        if radius > 0:
            corner = min(round(radius * self._scale), min(size) // 2)
            mask = ImageChops.multiply(mask, _rounded(size, corner, OPAQUE))
        self.image.paste(scaled.convert("RGB").convert("RGBA"), (left, top), mask)

    def icon(self, icon: Icon, x: float, y: float, size: float, ink: Ink) -> None:
        """Draw a sign around a point."""
        side = max(1, round(size * self._scale))
        corner = (round(x * self._scale - side / 2), round(y * self._scale - side / 2))
        self.image.paste((*ink, OPAQUE), corner, icon_mask(icon, side))

    def text_width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a line would be."""
        return self._type.width(text, size, bold=bold)

    def fit(
        self,
        text: str,
        sizes: tuple[float, ...],
        width: float,
        lines: int,
        *,
        bold: bool = False,
    ) -> tuple[float, list[str]]:
        """Return in how few lines the text fits, in the largest size, and those."""
        return self._type.fit(text, sizes, width, lines, bold=bold)

    def balanced(
        self, lines: list[str], size: float, width: float, *, bold: bool = False
    ) -> list[str]:
        """Return the same lines, broken so that they are about equally long."""
        return self._type.balanced(lines, size, width, bold=bold)

    def text(
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
        """
        Write one line and return its width.

        ``align`` is how much of it is left of ``x``: 0 for none, 1 for all.
        """
        width = self.text_width(text, size, bold=bold)
        at = (x - align * width) * self._scale
        for run in self._type.set_runs(text, size, bold=bold):
            if isinstance(run.face, ImageFont.FreeTypeFont):
                place, anchor = (at, baseline * self._scale), "ls"
            else:
                place, anchor = (at, (baseline - size) * self._scale), None
            self._draw.text(
                place, run.text, (*ink, OPAQUE), run.face, anchor, features=run.features
            )
            at += run.advance
        return width

    def page(self) -> PageFrame:
        """Return the whole picture."""
        return _page(self.image)

    def cut_out(self) -> tuple[PageFrame, Rect]:
        """Return what was drawn on an empty picture, and where it is."""
        box = self.image.getbbox() or (0, 0, 1, 1)
        left, top, right, bottom = box
        rect = Rect(left, top, right - left, bottom - top)
        return _page(self.image.crop(box)), rect


@lru_cache(maxsize=96)
def _rounded(size: tuple[int, int], radius: int, level: int) -> Image.Image:
    mask = Image.new("L", size, level)
    if radius > 0:
        corners = _disc(radius, level)
        width, height = size
        for x, cut_x in ((0, 0), (width - radius, radius)):
            for y, cut_y in ((0, 0), (height - radius, radius)):
                cut = (cut_x, cut_y, cut_x + radius, cut_y + radius)
                mask.paste(corners.crop(cut), (x, y))
    return mask


@lru_cache(maxsize=32)
def _disc(radius: int, level: int) -> Image.Image:
    side = 2 * radius
    large = Image.new("L", (side * OVERSAMPLING, side * OVERSAMPLING), 0)
    edge = side * OVERSAMPLING - 1
    ImageDraw.Draw(large).ellipse((0, 0, edge, edge), fill=level)
    return large.resize((side, side), Image.Resampling.BOX)


@lru_cache(maxsize=16)
def _arc(side: int, width: int, start: float, end: float) -> Image.Image:
    """Return the mask of a part of a circle that touches the edges."""
    large = side * OVERSAMPLING
    line = width * OVERSAMPLING
    mask = Image.new("L", (large, large), 0)
    pen = ImageDraw.Draw(mask)
    pen.arc((0, 0, large - 1, large - 1), start, end, fill=OPAQUE, width=line)
    for degrees in (start, end):
        turn = math.radians(degrees)
        reach = (large - line) / 2
        x = large / 2 + reach * math.cos(turn)
        y = large / 2 + reach * math.sin(turn)
        pen.ellipse(
            (x - line / 2, y - line / 2, x + line / 2, y + line / 2), fill=OPAQUE
        )
    return mask.resize((side, side), Image.Resampling.BOX)


def forget_shapes() -> None:
    """Let go of what was drawn to be drawn with; it is drawn again as it is wanted."""
    for shapes in (_rounded, _disc, _arc):
        shapes.cache_clear()


def _page(image: Image.Image) -> PageFrame:
    if image.mode == CLEAR:
        image = Image.frombuffer(
            "RGBA", image.size, image.tobytes(), "raw", "RGBA", 0, 1
        )
    pixels = image.tobytes("raw", "BGRA")
    return PageFrame(image.width, image.height, pixels)
