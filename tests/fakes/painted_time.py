"""
Reads the clock painted into a picture, knowing only its published layout.

Imports nothing of the product on purpose: top of the picture, two rows of 16
blocks, each 1/16 of the width wide and half as high; white is 1; 28 bits of
100 us, then 4 bits of checksum (XOR of the seven nibbles and 0xA).
"""

from __future__ import annotations

from collections.abc import Sequence


UNITS_PER_SECOND = 10_000
MODULUS = 1 << 28


def painted_units(grey: Sequence[int], width: int) -> int | None:
    """Return the painted time in units of 100 us, or None where there is none."""
    side = width / 16
    bits: list[int] = []
    for row in range(2):
        for column in range(16):
            y = int((row + 0.5) * side / 2)
            x = int((column + 0.5) * side)
            level = grey[y * width + x]
            if 95 <= level <= 155:
                return None
            bits.append(level > 155)
    word = sum(bit << number for number, bit in enumerate(bits))
    units, check = word % MODULUS, word >> 28
    for nibble in range(7):
        check ^= units >> (4 * nibble) & 0xF
    return units if check == 0xA else None


def painted_seconds(grey: Sequence[int], width: int, near_s: float) -> float | None:
    """Return the painted time on the monotonic clock, of hours around ``near_s``."""
    units = painted_units(grey, width)
    if units is None:
        return None
    near = round(near_s * UNITS_PER_SECOND)
    behind = (near - units) % MODULUS
    if behind > MODULUS // 2:
        behind -= MODULUS
    return (near - behind) / UNITS_PER_SECOND
