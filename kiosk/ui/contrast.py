"""How well one colour stands out from another, as WCAG 2.2 defines it. Pure."""

from __future__ import annotations

from typing import Final


Ink = tuple[int, int, int]

TEXT: Final = 7.0
"""What text of any size needs (WCAG 2.2, 1.4.6)."""
LARGE: Final = 4.5
"""What large text and signs need."""
LARGE_TYPE: Final = 28.0
"""Units of type size from which on text is large."""
STEPS: Final = 64
LINEAR_UP_TO: Final = 0.04045


def luminance(ink: Ink) -> float:
    """Return how bright a colour is: 0 black, 1 white."""
    red, green, blue = (_linear(channel / 255) for channel in ink)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Ink, other: Ink) -> float:
    """Return the ratio of two colours, from 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def needed(size: float) -> float:
    """Return the least ratio for text of ``size`` units."""
    return LARGE if size >= LARGE_TYPE else TEXT


def mixed(one: Ink, other: Ink, part: float) -> Ink:
    """Return ``one`` with so much of ``other`` in it, from 0 to 1."""
    red, green, blue = (
        round(first + (second - first) * part)
        for first, second in zip(one, other, strict=True)
    )
    return red, green, blue


def darkened(ink: Ink, text: Ink, ratio: float) -> Ink:
    """Return ``ink``, or the lightest darker one that ``text`` stands out from."""
    for step in range(STEPS + 1):
        darker = mixed(ink, (0, 0, 0), step / STEPS)
        if contrast(text, darker) >= ratio:
            return darker
    return (0, 0, 0)


def _linear(part: float) -> float:
    return part / 12.92 if part <= LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
