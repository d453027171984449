"""
A picture to draw on, in units, with text that always fits somewhere.

Pixels are premultiplied all the way: pasting an opaque ink through a mask is
then exactly "over", on a page as on a transparent overlay, and nothing has to
be converted at the end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from kiosk.ports import PageFrame, Rect
from kiosk.ui.fonts import Fonts, is_cjk, runs
from kiosk.ui.icons import OVERSAMPLING, icon_mask
from kiosk.ui.screens import Icon


Ink = tuple[int, int, int]
Box = tuple[float, float, float, float]

OPAQUE: Final = 255
CLEAR: Final = "RGBX"
"""
Mode of a picture that begins transparent: its fourth channel is our alpha.  In
Pillow's own RGBA a mask over a clear pixel sets the colour unmultiplied.
"""
NEVER_FIRST: Final = frozenset("，。、；：！？）》」』】”’…,.;:!?)]}%")  # noqa: RUF001
"""Chinese and Latin marks that no line begins with (GB/T 15834 section 5.1)."""
LARGEST_FACE: Final = 400
BALANCING_STEPS: Final = 8
MOST_LINES: Final = 64


class Canvas:
    """
    Draws on one picture; all lengths are units, all places from the top left.

    Args:
        image: Opaque RGBA, or of :data:`CLEAR`; changed in place.
        scale: Pixels of one unit.

    """

    def __init__(self, image: Image.Image, scale: float, fonts: Fonts) -> None:
        self.image = image
        self._scale = scale
        self._fonts = fonts
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

    def icon(self, icon: Icon, x: float, y: float, size: float, ink: Ink) -> None:
        """Draw a sign around a point."""
        side = max(1, round(size * self._scale))
        corner = (round(x * self._scale - side / 2), round(y * self._scale - side / 2))
        self.image.paste((*ink, OPAQUE), corner, icon_mask(icon, side))

    def text_width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a line would be."""
        pixels = sum(
            self._face(size, bold=bold, cjk=cjk).getlength(run)
            for cjk, run in runs(text)
        )
        return pixels / self._scale

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
        for cjk, run in runs(text):
            face = self._face(size, bold=bold, cjk=cjk)
            if isinstance(face, ImageFont.FreeTypeFont):
                place, anchor = (at, baseline * self._scale), "ls"
            else:
                place, anchor = (at, (baseline - size) * self._scale), None
            self._draw.text(place, run, (*ink, OPAQUE), face, anchor)
            at += face.getlength(run)
        return width

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
        for few in range(1, lines + 1):
            # Rather one line in a smaller size than a second one of a word.
            for size in sizes:
                broken = self.wrap(text, size, width, bold=bold, most=lines + 1)
                if len(broken) <= few:
                    return size, broken
        size = sizes[-1]
        broken = self.wrap(text, size, width, bold=bold, most=lines)
        broken[-1] = self._shortened(f"{broken[-1]}…", size, width, bold=bold)
        return size, broken

    def balanced(
        self, lines: list[str], size: float, width: float, *, bold: bool = False
    ) -> list[str]:
        """Return the same lines, broken so that they are about equally long."""
        text = " ".join(lines)
        if len(lines) == 1 or any(is_cjk(character) for character in text):
            return lines
        for part in range(BALANCING_STEPS, 0, -1):
            narrow = width * (1.0 - part / (2 * BALANCING_STEPS))
            broken = self.wrap(text, size, narrow, bold=bold)
            if len(broken) == len(lines):
                return broken
        return lines

    def wrap(
        self,
        text: str,
        size: float,
        width: float,
        *,
        bold: bool = False,
        most: int = MOST_LINES,
    ) -> list[str]:
        """
        Break text into lines, no more than ``most``; the rest is left out.

        A word wider than a line is broken within.
        """
        lines: list[str] = []
        line = ""
        for piece in _pieces(text):
            longer = line + piece
            if line and self.text_width(longer.rstrip(), size, bold=bold) > width:
                lines.append(line.rstrip())
                longer = piece
            line = longer
            while self.text_width(line.rstrip(), size, bold=bold) > width:
                kept = self._longest_start(line, size, width, bold=bold)
                if kept == len(line) or len(lines) >= most:
                    break
                lines.append(line[:kept])
                line = line[kept:]
            if len(lines) >= most:
                return lines[:most]
        return [*lines, line.rstrip()] if line.strip() or not lines else lines

    def page(self) -> PageFrame:
        """Return the whole picture."""
        return _page(self.image)

    def cut_out(self) -> tuple[PageFrame, Rect]:
        """Return what was drawn on an empty picture, and where it is."""
        box = self.image.getbbox() or (0, 0, 1, 1)
        left, top, right, bottom = box
        rect = Rect(left, top, right - left, bottom - top)
        return _page(self.image.crop(box)), rect

    def _face(
        self, size: float, *, bold: bool, cjk: bool
    ) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        pixels = min(max(1, round(size * self._scale)), LARGEST_FACE)
        return self._fonts.face(pixels, bold=bold, cjk=cjk)

    def _longest_start(
        self, text: str, size: float, width: float, *, bold: bool
    ) -> int:
        """Return how many characters fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.text_width(text[:middle], size, bold=bold) <= width:
                low = middle
            else:
                high = middle - 1
        return low

    def _shortened(self, text: str, size: float, width: float, *, bold: bool) -> str:
        while len(text) > 1 and self.text_width(text, size, bold=bold) > width:
            text = f"{text[:-2].rstrip()}…"
        return text


def _pieces(text: str) -> list[str]:
    """Cut text where a line may end: after blanks and around Chinese."""
    pieces: list[str] = []
    for character in text:
        joins = bool(pieces) and (
            character == " "
            or character in NEVER_FIRST
            or not (
                pieces[-1].endswith(" ") or is_cjk(character) or is_cjk(pieces[-1][-1])
            )
        )
        if joins:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


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


def _page(image: Image.Image) -> PageFrame:
    if image.mode == CLEAR:
        image = Image.frombuffer(
            "RGBA", image.size, image.tobytes(), "raw", "RGBA", 0, 1
        )
    pixels = image.tobytes("raw", "BGRA")
    return PageFrame(image.width, image.height, pixels)
