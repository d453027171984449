"""
Pictures that need nothing but the standard library: "one moment", "out of service".

They are on the display before anything heavy is loaded, and where nothing heavy
can be: no font, no Pillow, no configuration.  Each is there in a few sizes, drawn
by the product's own hand (``make first-pictures``); on a display of any size the
largest that fits stands in the middle of a plain ground.

A file holds its sizes one after the other, the smallest first: width, height (16 bits,
little endian) and length (32 bits) of the zlib stream that follows, of BGRA pixels.
The ground is the colour of the first pixel.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from kiosk.ports import PageFrame


FOLDER: Final = Path(__file__).with_name("pictures")
HEAD: Final = struct.Struct("<HHI")
NIGHT: Final = bytes((32, 16, 4, 255))
"""What is shown when even the files are gone: a calm dark page."""

_BYTES = 4


LETTERS: Final = "".join(map(chr, range(0x20, 0x7F)))
"""Those that there are pictures of, in the file ``letters.z``, size after size."""

_BESIDE = 3
"""Blanks between two facts of a line."""


class FirstPicture(Enum):
    """By the name of its file."""

    STARTING = "starting"
    OUT_OF_SERVICE = "out_of_service"


class Sprite(NamedTuple):
    """A picture in one size; its pixels are deflated in the file."""

    width: int
    height: int
    pixels: bytes


def first_page(
    picture: FirstPicture, size: tuple[int, int], folder: Path = FOLDER
) -> PageFrame:
    """
    Return a page of the display's size; never fails.

    Args:
        picture: Which one.
        size: Width and height of the display in pixels.
        folder: Where its file is.

    """
    try:
        sprite = _best(list(sprites_of(folder / f"{picture.value}.z")), size)
        pixels = _centred(_enlarged(sprite, size), size)
    except (OSError, ValueError, IndexError, struct.error, zlib.error):
        pixels = NIGHT * (size[0] * size[1])
    return PageFrame(*size, pixels)


def lettered_page(
    picture: FirstPicture,
    facts: Sequence[str],
    size: tuple[int, int],
    folder: Path = FOLDER,
) -> PageFrame:
    """
    Return a page with a line of facts below the picture; never fails.

    Args:
        picture: Which one.
        facts: A code, a telephone number; letters there is no picture of are left out.
        size: Width and height of the display in pixels.
        folder: Where the files are.

    """
    page = first_page(picture, size, folder)
    blanks = " " * _BESIDE
    known = ("".join(c for c in fact if c in LETTERS).strip() for fact in facts)
    line = blanks.join(fact for fact in known if fact)
    if not line:
        return page
    try:
        sprites = list(sprites_of(folder / f"{picture.value}.z"))
        letters = list(sprites_of(folder / "letters.z"))
        return _lettered(page, line, sprites, letters)
    except (OSError, ValueError, IndexError, struct.error, zlib.error):
        return page


def sprites_of(path: Path) -> Iterator[Sprite]:
    """
    Yield the sizes in which a picture is there, the smallest first.

    Raises:
        OSError, struct.error: It is no such file.

    """
    content, at = path.read_bytes(), 0
    while at < len(content):
        width, height, length = HEAD.unpack_from(content, at)
        at += HEAD.size
        yield Sprite(width, height, content[at : at + length])
        at += length


def _lettered(
    page: PageFrame, line: str, sprites: list[Sprite], letters: list[Sprite]
) -> PageFrame:
    size = page.width, page.height
    at = _fitting(sprites, size)
    words = _line(line, letters[at * len(LETTERS) : (at + 1) * len(LETTERS)])
    times = max(1, min(size[0] // sprites[at].width, size[1] // sprites[at].height))
    words = _enlarged_by(words, times)
    if words.width > page.width or words.height > page.height:
        return page
    bottom = (page.height + sprites[at].height * times) // 2
    top = min(bottom, page.height) - words.height
    left = (page.width - words.width) // 2
    pixels, row = bytearray(page.pixels), words.width * _BYTES
    for y in range(words.height):
        start = ((top + y) * page.width + left) * _BYTES
        pixels[start : start + row] = words.pixels[y * row : (y + 1) * row]
    return PageFrame(*size, bytes(pixels))


def _line(text: str, letters: list[Sprite]) -> Sprite:
    """Return the pixels of a line, letter beside letter."""
    drawn = [letters[LETTERS.index(letter)] for letter in text]
    pixels = [zlib.decompress(one.pixels) for one in drawn]
    height = letters[0].height
    rows: list[bytes] = []
    for y in range(height):
        for one, content in zip(drawn, pixels, strict=True):
            row = one.width * _BYTES
            rows.append(content[y * row : (y + 1) * row])
    return Sprite(sum(one.width for one in drawn), height, b"".join(rows))


def _fitting(sprites: list[Sprite], size: tuple[int, int]) -> int:
    """Return which is the largest that fits, or the smallest."""
    fitting = [
        at
        for at, one in enumerate(sprites)
        if one.width <= size[0] and one.height <= size[1]
    ]
    return fitting[-1] if fitting else 0


def _best(sprites: list[Sprite], size: tuple[int, int]) -> Sprite:
    """Return the largest that fits, or the smallest, inflated."""
    sprite = sprites[_fitting(sprites, size)]
    pixels = zlib.decompress(sprite.pixels)
    if len(pixels) != sprite.width * sprite.height * _BYTES or not pixels:
        raise ValueError("a picture of another size than it says")
    return sprite._replace(pixels=pixels)


def _enlarged(sprite: Sprite, size: tuple[int, int]) -> Sprite:
    """Return it two or more times as large where it fits: pixels become squares."""
    times = min(size[0] // sprite.width, size[1] // sprite.height)
    return _enlarged_by(sprite, times)


def _enlarged_by(sprite: Sprite, times: int) -> Sprite:
    if times <= 1:
        return sprite
    pixels = array("I", sprite.pixels)
    wide = array("I", bytes(len(sprite.pixels) * times))
    for offset in range(times):
        wide[offset::times] = pixels
    row = sprite.width * times * _BYTES
    flat = wide.tobytes()
    rows = (flat[y * row : (y + 1) * row] * times for y in range(sprite.height))
    return Sprite(sprite.width * times, sprite.height * times, b"".join(rows))


def _centred(sprite: Sprite, size: tuple[int, int]) -> bytes:
    """Return the pixels of a page; what is larger than it is cut all around."""
    width, height = size
    ground = sprite.pixels[:_BYTES]
    across, down = min(width, sprite.width), min(height, sprite.height)
    left, top = (width - across) // 2, (height - down) // 2
    cut_x, cut_y = (sprite.width - across) // 2, (sprite.height - down) // 2
    before, behind = ground * left, ground * (width - across - left)
    empty = ground * width
    lines: list[bytes] = []
    for y in range(cut_y, cut_y + down):
        start = (y * sprite.width + cut_x) * _BYTES
        lines += [before, sprite.pixels[start : start + across * _BYTES], behind]
    return b"".join([empty * top, *lines, empty * (height - down - top)])
