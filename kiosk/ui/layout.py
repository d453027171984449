"""
Where things go on a display of any size. Pure arithmetic, in display pixels.

Everything is measured in *units*: 1 is a pixel of a display of 1280x720.  A
display that is narrow for its height is measured by its width, so that the text
of a portrait one still fits.
"""

from __future__ import annotations

from typing import Final

from kiosk.ports import Rect


REFERENCE_HEIGHT: Final = 720
NARROWEST: Final = 960
"""Units; no screen is laid out for less width than this."""

BAR: Final = 92
"""Units from the top that belong to the bank's name and the clock."""
STRIP: Final = 98
"""Units at the bottom that mirror the buttons."""
MARGIN: Final = 48
GAP: Final = 24
PIP_WIDTH: Final = 312
PIP_MARGIN: Final = 32
SMALLEST_UNIT: Final = 0.02
TILE_GAP: Final = 8
TILE_LABEL: Final = 44
"""Units under the picture of one of several others, for the name."""
SHAPE: Final = (16, 9)
"""Of a picture, where nothing else is known of it."""


def unit(size: tuple[int, int]) -> float:
    """Return how many pixels one unit is."""
    width, height = size
    return max(SMALLEST_UNIT, min(height / REFERENCE_HEIGHT, width / NARROWEST))


def pip_rect(size: tuple[int, int], picture: tuple[int, int] = SHAPE) -> Rect:
    """
    Return where the self-view goes: lower right, above the strip.

    Args:
        size: Width and height of the display.
        picture: Width and height of the camera's picture, or their ratio.

    Sizes and offsets are even, as the chroma of a YUV 4:2:0 plane wants them.

    """
    scale = unit(size)
    width = _even(PIP_WIDTH * scale)
    height = _even(PIP_WIDTH * scale * picture[1] / picture[0])
    right = size[0] - PIP_MARGIN * scale
    bottom = size[1] - (STRIP + GAP) * scale
    return Rect(_even(right - width, 0), _even(bottom - height, 0), width, height)


def tile_rects(
    size: tuple[int, int], count: int, picture: tuple[int, int] = SHAPE
) -> tuple[Rect, ...]:
    """
    Return where the pictures of several others go: as large as they can be.

    They stand above what else is on the screen, which covers none of them.

    Args:
        size: Width and height of the display.
        count: How many, at least one.
        picture: Width and height of the camera's picture, as for :func:`pip_rect`.

    """
    scale = unit(size)
    gap, label = TILE_GAP * scale, TILE_LABEL * scale
    below = pip_rect(size, picture).y - GAP * scale
    room = (size[0] - 2 * gap, below - gap)
    width, columns = max(
        (_tile_width(room, columns, -(-count // columns), gap, label), columns)
        for columns in range(1, count + 1)
    )
    width = _even(width)
    height = _even(width * SHAPE[1] / SHAPE[0])
    rows = -(-count // columns)
    left = (size[0] - columns * (width + gap) + gap) / 2
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
