"""
Draws what libcamera's virtual camera sees: somebody who moves, with a sensor's noise.

Run once, when the disk is made: ``pictures.py <folder>`` writes ``0.jpg`` and on.  Its own
patterns are drawn without noise, so that no picture of them ever needs its bit rate, and
nobody can see whether an encoder obeys a new one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image


WIDTH: Final = 320
HEIGHT: Final = 240
PICTURES: Final = 16
"""One way there and back."""
_NOISE: Final = 8.0
"""Deviation of a sensor's noise in a badly lit branch, of 255."""
_SWAY: Final = 24
"""How far the person moves to each side, in pixels."""


def picture(index: int) -> Image.Image:
    """Return one of the :data:`PICTURES`; the first follows the last."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    at = WIDTH / 2 + _SWAY * np.sin(2 * np.pi * index / PICTURES)
    light = 90 + 60 * x / WIDTH + 12 * np.sin(y / 3.0)  # a wall with blinds
    shoulders = ((x - at) / 90) ** 2 + ((y - 240) / 80) ** 2 < 1
    face = ((x - at) / 38) ** 2 + ((y - 120) / 50) ** 2 < 1
    light[shoulders] = 60 + 20 * np.sin((x - at) / 2.0)[shoulders]
    light[face] = 190
    noise = np.random.default_rng(index).normal(0.0, _NOISE, light.shape)
    return Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8)).convert(
        "RGB"
    )


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    folder.mkdir(parents=True)
    for index in range(PICTURES):
        picture(index).save(folder / f"{index}.jpg", quality=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
