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


def unit(size: tuple[int, int]) -> float:
    """Return how many pixels one unit is."""
    width, height = size
    return max(SMALLEST_UNIT, min(height / REFERENCE_HEIGHT, width / NARROWEST))


def pip_rect(size: tuple[int, int], picture: tuple[int, int] = (16, 9)) -> Rect:
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


def _even(pixels: float, least: int = 2) -> int:
    return max(least, int(pixels) & ~1)
