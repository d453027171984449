"""
A bank's logo, out of whatever file an operator has.

The file comes from outside: it may be no picture, enormous, empty or a line.
What cannot be shown is refused with a reason, and the bank's name stands alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageStat

from kiosk.errors import words_of
from kiosk.ui.contrast import contrast


MOST_BYTES: Final = 16_000_000
MOST_PIXELS: Final = 16_000_000
"""64 MB once decoded: more than a small board has to spare."""
SMALLEST_SIDE: Final = 16
LONGEST_SHAPE: Final = 12
"""Times as wide as high, or as high as wide."""
KEPT: Final = (1280, 320)
"""Pixels that are kept of it: enough for the bar of the largest display."""
FAINT: Final = 16
"""Alpha of what cannot be seen."""
SEEN: Final = [0] * (FAINT + 1) + [255] * (255 - FAINT)
"""What of an alpha channel can be seen, by its level."""
SEEN_ON_WHITE: Final = 1.8
"""Least contrast to white of a logo that is put on a white plate."""
CLEAR_PART: Final = 0.02


class UnusableLogo(ValueError):
    """A logo cannot be shown."""


def load_logo(path: Path) -> Image.Image:
    """
    Return the logo in RGBA, no larger than it is ever drawn.

    Raises:
        UnusableLogo: With the reason, to be logged.

    """
    try:
        _check_file(path)
        with Image.open(path) as image:
            _check_shape(path, image.size)
            image.draft("RGB", KEPT)
            logo = image.convert("RGBA")
    except UnusableLogo:
        raise
    except OSError as error:
        raise UnusableLogo(f"{path}: {words_of(error)}") from error
    except Exception as error:  # decoders raise anything for odd bytes
        raise UnusableLogo(f"{path} cannot be decoded: {error}") from error
    seen = logo.getchannel("A").point(SEEN).getbbox()
    if seen is None:
        raise UnusableLogo(f"{path} is transparent all over")
    logo = logo.crop(seen)
    _check_shape(path, logo.size)
    logo.thumbnail(KEPT, Image.Resampling.LANCZOS)
    return logo


def needs_plate(logo: Image.Image) -> bool:
    """Whether it is made for white paper: partly clear, and not itself light."""
    alpha = logo.getchannel("A")
    clear = sum(alpha.histogram()[: 255 - FAINT]) / (logo.width * logo.height)
    if clear < CLEAR_PART:
        return False
    red, green, blue = (round(part) for part in ImageStat.Stat(logo, alpha).mean[:3])
    return contrast((red, green, blue), (255, 255, 255)) >= SEEN_ON_WHITE


def _check_file(path: Path) -> None:
    if path.stat().st_size > MOST_BYTES:
        raise UnusableLogo(f"{path} is larger than {MOST_BYTES // 10**6} MB")


def _check_shape(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise UnusableLogo(
            f"{path} has {width}x{height} pixels, more than {MOST_PIXELS // 10**6} million"
        )
    if min(size) < SMALLEST_SIDE or max(size) > LONGEST_SHAPE * min(size):
        raise UnusableLogo(
            f"{path} shows {width}x{height} pixels: at least "
            f"{SMALLEST_SIDE} each way, no longer than {LONGEST_SHAPE}:1"
        )
