"""
A clock that is painted into pictures and read back by a machine.

Layout, for readers that do not import this module: the top of the picture
carries two rows of 16 blocks; a block is 1/16 of the picture width wide and
half as high.  Block ``i`` (row ``i // 16``, column ``i % 16``) is bit ``i``:
white (luma 235) is 1, black (luma 16) is 0.  Bits 0-27 are CLOCK_MONOTONIC in
units of 100 us, modulo 2**28 (7.4 hours); bits 28-31 are a checksum, the XOR of
the seven nibbles of the time and of 0xA.  The 0xA makes an all-black and an
all-white picture invalid.  Large blocks survive scaling to 320x240 and JPEG.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kiosk.codec.i420 import GREY, I420, Plane, planes_of
from kiosk.ports import Micros


COLUMNS, ROWS = 16, 2
TIME_BITS = 28
MODULUS = 1 << TIME_BITS
UNIT_US = 100
WHITE, BLACK = 235, 16

CLEARLY_WHITE, CLEARLY_BLACK = 155, 95
"""A block between these is no block: half a page flip, or no clock at all."""

_BLOCKS = COLUMNS * ROWS
_INNER = np.array((0.3, 0.5, 0.7))
_LOOKS = _INNER.size**2  # pixels that are read of a block
_WIDTHS = 16  # pictures of so many widths are remembered

Places = npt.NDArray[np.intp]


def strip_height(width: int) -> int:
    """Return how many rows at the top of a picture of ``width`` the clock takes."""
    return ROWS * (width // (2 * COLUMNS))


def paint(luma: Plane, at: Micros) -> None:
    """Paint ``at`` into the top rows of ``luma``, in place."""
    height, width = luma.shape
    block_height = width // (2 * COLUMNS)
    if height < strip_height(width) or block_height == 0:
        raise ValueError(f"picture of {width}x{height} is too small for a clock")
    word = np.frombuffer(_word(at).to_bytes(_BLOCKS // 8, "little"), np.uint8)
    levels = np.unpackbits(word, bitorder="little") * (WHITE - BLACK) + BLACK
    columns = _columns_of(width)
    for row in range(ROWS):
        line = levels[row * COLUMNS : (row + 1) * COLUMNS][columns]
        luma[row * block_height : (row + 1) * block_height] = line


def paint_i420(picture: I420, at: Micros) -> None:
    """Paint ``at`` into a whole picture and take the colour from beneath it."""
    y, u, v = planes_of(picture)
    paint(y, at)
    rows = strip_height(y.shape[1]) // 2 + 1
    u[:rows] = GREY
    v[:rows] = GREY


def read(luma: Plane, now: Micros) -> Micros | None:
    """
    Return the time painted into ``luma``, or None where there is none.

    Args:
        luma: Luma plane of a picture of any size, 32 pixels wide at least.
        now: Any time within 3.7 hours of the painted one.

    """
    height, width = luma.shape
    if width < 2 * COLUMNS or height < strip_height(width):
        return None
    sums = luma[_looks(width)].sum(axis=1)
    white = sums > CLEARLY_WHITE * _LOOKS
    if not (white | (sums < CLEARLY_BLACK * _LOOKS)).all():
        return None
    word = int.from_bytes(np.packbits(white, bitorder="little").tobytes(), "little")
    value = word & (MODULUS - 1)
    if word >> TIME_BITS != _checksum(value):
        return None
    age = (now // UNIT_US - value) % MODULUS
    if age > MODULUS // 2:
        age -= MODULUS
    return Micros((now // UNIT_US - age) * UNIT_US)


@lru_cache(maxsize=_WIDTHS)
def _columns_of(width: int) -> Places:
    """Return for every pixel of a line the column of blocks that it lies in."""
    edges = np.arange(COLUMNS + 1) * width // COLUMNS
    return np.repeat(np.arange(COLUMNS), np.diff(edges))


@lru_cache(maxsize=_WIDTHS)
def _looks(width: int) -> tuple[Places, Places]:
    """Return rows and columns of pixels in the inner half of every block."""
    block_height = width / (2 * COLUMNS)
    rows = ((np.arange(ROWS)[:, None] + _INNER) * block_height).astype(np.intp)
    columns = (np.arange(COLUMNS)[:, None] + _INNER) * width / COLUMNS
    shape = (ROWS, COLUMNS, _INNER.size, _INNER.size)
    every_row = np.broadcast_to(rows[:, None, :, None], shape)
    every_column = np.broadcast_to(columns.astype(np.intp)[None, :, None, :], shape)
    return every_row.reshape(_BLOCKS, _LOOKS), every_column.reshape(_BLOCKS, _LOOKS)


def _word(at: Micros) -> int:
    value = (at // UNIT_US) % MODULUS
    return value | _checksum(value) << TIME_BITS


def _checksum(value: int) -> int:
    check = 0xA
    for nibble in range(TIME_BITS // 4):
        check ^= value >> 4 * nibble & 0xF
    return check
