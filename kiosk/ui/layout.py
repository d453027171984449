"""
Where things go on a display of any size. Pure arithmetic.

Everything is measured in *units*: 1 is a pixel of a display of 1280x720, and
of a portrait one of 720x1280.  Where the panel's diagonal is known, units grow
until the smallest type is 4.8 mm high (ADA 707.7.2, EN 301 549: the capital
I), and the layout makes do with the fewer that are left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from kiosk.ports import Rect


REFERENCE_HEIGHT: Final = 720
NARROWEST: Final = 960
"""Units; a display that is narrower for its height is measured by its width."""
TALL_WIDTH: Final = 720
TALL_HEIGHT: Final = 960
FEWEST: Final = (600, 352)
"""Units that a screen needs at least, whatever the size of its type."""

SMALLEST_TYPE: Final = 24.0
SMALLEST_TYPE_MM: Final = 4.8
CAPITAL: Final = 0.714
"""Height of a capital letter by its type's size: Noto Sans, the flattest of ours."""
MM_PER_INCH: Final = 25.4

MARGIN: Final = 48
GAP: Final = 24
LOW: Final = 600
"""Units of height below which the frame is drawn flatter."""
CALL_PILL: Final = 78
"""Units that who is there takes, with the gap above."""
PIP_WIDTH: Final = 312
PIP_MARGIN: Final = 32
SMALLEST_UNIT: Final = 0.02
TILE_GAP: Final = 8
TILE_LABEL: Final = 44
"""Units under the picture of one of several others, for the name."""
SHAPE: Final = (16, 9)
"""Of a picture, where nothing else is known of it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """
    The places on one display.

    Attributes:
        size: Width and height in pixels.
        diagonal: Of the panel in inches, where known.

    """

    size: tuple[int, int]
    diagonal: float | None = None

    @property
    def is_tall(self) -> bool:
        """Whether the display stands upright."""
        return self.size[1] > 1.1 * self.size[0]

    @property
    def unit(self) -> float:
        """How many pixels one unit is."""
        width, height = self.size
        if self.is_tall:
            plain = min(width / TALL_WIDTH, height / TALL_HEIGHT)
        else:
            plain = min(height / REFERENCE_HEIGHT, width / NARROWEST)
        if self.diagonal:
            readable = SMALLEST_TYPE_MM / self._type_mm(1.0)
            bounds = sorted(FEWEST, reverse=not self.is_tall)
            most = min(width / bounds[0], height / bounds[1])
            plain = max(plain, min(readable, most))
        return max(SMALLEST_UNIT, plain)

    @property
    def smallest_type_mm(self) -> float | None:
        """How high the smallest capital is, where the diagonal is known."""
        return self._type_mm(self.unit) if self.diagonal else None

    @property
    def width(self) -> float:
        """Width of the display in units."""
        return self.size[0] / self.unit

    @property
    def height(self) -> float:
        """Height of the display in units."""
        return self.size[1] / self.unit

    @property
    def bar(self) -> float:
        """Units from the top that belong to the bank's name and the clock."""
        return 92.0 if self.height >= LOW else 72.0

    @property
    def strip(self) -> float:
        """Units at the bottom that mirror the buttons."""
        if self.is_tall:
            return 172.0
        return 98.0 if self.height >= LOW else 84.0

    def pip(self, picture: tuple[int, int] = SHAPE) -> Rect:
        """
        Return where the self-view goes, in pixels: lower right, above the strip.

        Sizes and offsets are even, as the chroma of a YUV 4:2:0 plane wants them.

        Args:
            picture: Width and height of the camera's picture, or their ratio.

        """
        wide = min(PIP_WIDTH, self.width * (0.44 if self.is_tall else 0.28))
        width = _even(wide * self.unit)
        height = _even(wide * self.unit * picture[1] / picture[0])
        right = self.size[0] - PIP_MARGIN * self.unit
        bottom = self.size[1] - (self.strip + GAP) * self.unit
        return Rect(_even(right - width, 0), _even(bottom - height, 0), width, height)

    def tiles(self, count: int, picture: tuple[int, int] = SHAPE) -> tuple[Rect, ...]:
        """
        Return where the pictures of several others go: as large as they can be.

        They stand above what else is on the screen, which covers none of them.

        Args:
            count: How many, at least one.
            picture: Width and height of the camera's picture, as for :meth:`pip`.

        """
        gap, label = TILE_GAP * self.unit, TILE_LABEL * self.unit
        below = self.pip(picture).y - GAP * self.unit
        if self.is_tall:  # beside the self-view there is no room for who is there
            below -= CALL_PILL * self.unit
        room = (self.size[0] - 2 * gap, below - gap)
        width, columns = max(
            (_tile_width(room, columns, -(-count // columns), gap, label), columns)
            for columns in range(1, count + 1)
        )
        width = _even(width)
        height = _even(width * SHAPE[1] / SHAPE[0])
        rows = -(-count // columns)
        left = (self.size[0] - columns * (width + gap) + gap) / 2
        top = gap + (room[1] - rows * (height + label + gap) + gap) / 2
        return tuple(
            Rect(
                _even(left + number % columns * (width + gap), 0),
                _even(top + number // columns * (height + label + gap), 0),
                width,
                height,
            )
            for number in range(count)
        )

    def in_units(self, rect: Rect) -> Rect:
        """Return a place in pixels as one in units, to the next whole ones."""
        x, y, width, height = (
            round(side / self.unit)
            for side in (rect.x, rect.y, rect.width, rect.height)
        )
        return Rect(x, y, width, height)

    def _type_mm(self, unit: float) -> float:
        assert self.diagonal
        pitch = self.diagonal * MM_PER_INCH / math.hypot(*self.size)
        return SMALLEST_TYPE * unit * CAPITAL * pitch


def fitted(cell: Rect, picture: tuple[int, int]) -> Rect:
    """Return the largest centred place in ``cell`` of the picture's shape."""
    scale = min(cell.width / picture[0], cell.height / picture[1])
    width, height = _even(picture[0] * scale), _even(picture[1] * scale)
    return Rect(
        cell.x + _even((cell.width - width) / 2, 0),
        cell.y + _even((cell.height - height) / 2, 0),
        width,
        height,
    )


def _tile_width(
    room: tuple[float, float], columns: int, rows: int, gap: float, label: float
) -> float:
    """Return how wide each picture can be in so many columns and rows."""
    width = (room[0] - (columns - 1) * gap) / columns
    height = (room[1] - (rows - 1) * gap) / rows - label
    return min(width, height * SHAPE[0] / SHAPE[1])


def _even(pixels: float, least: int = 2) -> int:
    return max(least, int(pixels) & ~1)
