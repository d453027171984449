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

_BITS = np.arange(COLUMNS * ROWS, dtype=np.int64)


def strip_height(width: int) -> int:
    """Return how many rows at the top of a picture of ``width`` the clock takes."""
    return ROWS * (width // (2 * COLUMNS))


def paint(luma: Plane, at: Micros) -> None:
    """Paint ``at`` into the top rows of ``luma``, in place."""
    height, width = luma.shape
    block_height = width // (2 * COLUMNS)
    if height < strip_height(width) or block_height == 0:
        raise ValueError(f"picture of {width}x{height} is too small for a clock")
    bits = (_word(at) >> _BITS) & 1
    levels = np.where(bits == 1, WHITE, BLACK).astype(np.uint8)
    edges = np.arange(COLUMNS + 1) * width // COLUMNS
    for row in range(ROWS):
        line = np.repeat(levels[row * COLUMNS : (row + 1) * COLUMNS], np.diff(edges))
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
    levels = _block_levels(luma)
    white = levels > CLEARLY_WHITE
    if not np.all(white | (levels < CLEARLY_BLACK)):
        return None
    word = int((white.astype(np.int64) << _BITS).sum())
    value = word & (MODULUS - 1)
    if word >> TIME_BITS != _checksum(value):
        return None
    age = (now // UNIT_US - value) % MODULUS
    if age > MODULUS // 2:
        age -= MODULUS
    return Micros((now // UNIT_US - age) * UNIT_US)


def _block_levels(luma: Plane) -> npt.NDArray[np.float64]:
    """Return the mean luma of the inner half of every block."""
    width = luma.shape[1]
    block_height = width / (2 * COLUMNS)
    inner = np.array((0.3, 0.5, 0.7))
    rows = (np.arange(ROWS)[:, None] + inner) * block_height
    columns = (np.arange(COLUMNS)[:, None] + inner) * width / COLUMNS
    samples = luma[np.ix_(rows.astype(int).ravel(), columns.astype(int).ravel())]
    blocks = samples.reshape(ROWS, inner.size, COLUMNS, inner.size)
    levels: npt.NDArray[np.float64] = blocks.mean(axis=(1, 3)).ravel()
    return levels


def _word(at: Micros) -> int:
    value = (at // UNIT_US) % MODULUS
    return value | _checksum(value) << TIME_BITS


def _checksum(value: int) -> int:
    check = 0xA
    for nibble in range(TIME_BITS // 4):
        check ^= value >> 4 * nibble & 0xF
    return check
