"""
Makes the picture that the firmware's kernel shows: the kiosk's own first picture.

    python image-build/splash.py OUT.tga [WIDTHxHEIGHT]

The kernel's ``fullscreen_logo`` takes an uncompressed TGA of 24 bits, of 1920x1080 at
most and with fewer than 224 colours.  What the daemon then draws is the same picture,
so nothing is seen of the change.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.display.first_pictures import FirstPicture, first_page


COLOURS: Final = 223
LARGEST: Final = (1920, 1080)
_HEAD: Final = struct.Struct("<BBBHHBHHHHBB")
_TRUE_COLOUR: Final = 2
_BITS: Final = 24
_TOP_LEFT: Final = 0x20
_USAGE: Final = 64

Colour = tuple[int, int, int]


def splash(size: tuple[int, int] = LARGEST) -> bytes:
    """Return the content of the file, for a display of that size."""
    pixels = first_page(FirstPicture.STARTING, size).pixels
    drawn = list(zip(pixels[0::4], pixels[1::4], pixels[2::4], strict=True))
    instead = _fewer(Counter(drawn))
    packed = {colour: bytes(instead[colour]) for colour in instead}
    head = _HEAD.pack(0, 0, _TRUE_COLOUR, 0, 0, 0, 0, 0, *size, _BITS, _TOP_LEFT)
    return head + b"".join(map(packed.__getitem__, drawn))


def _fewer(counted: Counter[Colour]) -> Mapping[Colour, Colour]:
    """Return for each colour itself or the nearest of the most frequent ones."""
    kept = [colour for colour, _ in counted.most_common(COLOURS)]
    return {
        colour: colour if colour in kept else min(kept, key=lambda k: _far(k, colour))
        for colour in counted
    }


def _far(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def main(words: list[str]) -> int:
    """Write the file and return the exit code."""
    if not 1 <= len(words) <= 2:  # noqa: PLR2004
        sys.stderr.write(f"{__doc__}\n")
        return _USAGE
    width, height = map(int, words[1].split("x")) if words[1:] else LARGEST
    Path(words[0]).write_bytes(splash((width, height)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
