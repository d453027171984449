"""
Where a picture goes on a display: fitted into it, or turned with it. Pure.

It must not import anything heavy: it runs before the first pixel.
"""

from __future__ import annotations

from kiosk.ports import Rect


def fitted(picture: tuple[int, int], display: tuple[int, int]) -> Rect:
    """Return the largest centred place of the picture's shape, at least a pixel."""
    scale = min(display[0] / picture[0], display[1] / picture[1])
    width = max(1, round(picture[0] * scale))
    height = max(1, round(picture[1] * scale))
    return Rect((display[0] - width) // 2, (display[1] - height) // 2, width, height)


def turned_size(size: tuple[int, int], degrees: int) -> tuple[int, int]:
    """Return width and height after a turn; the same one turns them back."""
    return size if degrees in {0, 180} else (size[1], size[0])


def turned_place(place: Rect, display: tuple[int, int], degrees: int) -> Rect:
    """
    Return where a place is once the whole display was turned clockwise.

    Args:
        place: On the display before the turn.
        display: Its width and height before the turn.
        degrees: 0, 90, 180 or 270.

    """
    right = display[0] - place.x - place.width
    bottom = display[1] - place.y - place.height
    if degrees == 90:  # noqa: PLR2004 -- a quarter
        return Rect(bottom, place.x, place.height, place.width)
    if degrees == 180:  # noqa: PLR2004 -- a half
        return Rect(right, bottom, place.width, place.height)
    if degrees == 270:  # noqa: PLR2004 -- three quarters
        return Rect(place.y, right, place.height, place.width)
    return place


def visible(
    place: Rect, display: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return rows and columns of a place on the display, and those within itself."""
    width, height = display
    left, top = min(max(place.x, 0), width), min(max(place.y, 0), height)
    right = min(max(place.x + place.width, left), width)
    bottom = min(max(place.y + place.height, top), height)
    return (slice(top, bottom), slice(left, right)), (
        slice(top - place.y, bottom - place.y),
        slice(left - place.x, right - place.x),
    )
