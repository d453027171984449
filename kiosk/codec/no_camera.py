"""
The picture that stands where a camera delivers none: a camera, struck through.

A sign and no words: whoever sees it may read any language, and what is wrong is told
beside it.  Made of numbers alone, in grey, so that it is the same everywhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kiosk.codec.i420 import I420, black_picture, luma_of


GROUND, SIGN = 40, 200
"""Luma of what is behind it, and of the sign."""
_SHARE = 0.4  # of the picture's smaller side, for the sign
_STROKE, _GAP = 0.09, 0.22  # half widths of the stroke and of the gap around it
_BODY = (-0.9, 0.4, 0.55)  # from, to, and half its height; the sign is 2 wide
_LENS = (0.5, 1.0, 0.15)
_LENS_OPENS = 0.6

Coordinates = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def no_camera_picture(width: int, height: int) -> I420:
    """Return the sign in the middle of a picture; both sizes in pixels, even."""
    picture = black_picture(width, height)
    side = _SHARE * min(width, height) / 2
    rows, columns = np.ogrid[0:height, 0:width]
    # from -1 to 1 over the sign, in both directions
    x = (columns - (width - 1) / 2) / side
    y = (rows - (height - 1) / 2) / side
    across = np.abs(x - y)
    within = (np.abs(x) < 1) & (np.abs(y) < 1)
    struck = (across < _STROKE) & within
    luma = luma_of(picture)
    luma[:] = GROUND
    luma[(_camera(x, y) & (across > _GAP)) | struck] = SIGN
    return picture


def _camera(x: Coordinates, y: Coordinates) -> Mask:
    """Say where the body and the lens of a camera are, seen from its side."""
    left, right, half = _BODY
    body = (x > left) & (x < right) & (np.abs(y) < half)
    left, right, half = _LENS
    lens = (x > left) & (x < right) & (np.abs(y) < half + (x - left) * _LENS_OPENS)
    is_there: Mask = body | lens
    return is_there
