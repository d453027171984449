"""
Composes the layers of a display into one picture, as the hardware would.

YUV becomes RGB by the frame's own matrix and range, layers are scaled to their
place, pages and overlays are blended as premultiplied.  Exact and slow (tens
of milliseconds): for pictures on demand, never for presenting.

It imports numpy and Pillow, so it is itself imported only when needed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kiosk.ports import ColourMatrix, PageFrame, Rect, SoftFrame


RED_AND_BLUE_WEIGHTS = {
    ColourMatrix.BT601: (0.299, 0.114),
    ColourMatrix.BT709: (0.2126, 0.0722),
}
"""Kr and Kb of ITU-R BT.601-7 section 2.5.1 and BT.709-6 section 3."""

Placed = tuple[SoftFrame | PageFrame, Rect | None]
Pixels = NDArray[np.uint8]


def compose(size: tuple[int, int], layers: Iterable[Placed]) -> Image.Image:
    """Return the layers, the lowest first, on black in display size."""
    width, height = size
    glass = np.zeros((height, width, 3), np.uint8)
    for frame, at in layers:
        place = fitted((frame.width, frame.height), size) if at is None else at
        if isinstance(frame, PageFrame):
            _blend(glass, premultiplied_rgba(frame), place)
        else:
            _cover(glass, rgb(frame), place)
    return Image.fromarray(glass)


def fitted(picture: tuple[int, int], display: tuple[int, int]) -> Rect:
    """Return the largest centred place of the picture's shape, at least a pixel."""
    scale = min(display[0] / picture[0], display[1] / picture[1])
    width = max(1, round(picture[0] * scale))
    height = max(1, round(picture[1] * scale))
    return Rect((display[0] - width) // 2, (display[1] - height) // 2, width, height)


def rgb(frame: SoftFrame) -> Pixels:
    """Return ``height x width x 3`` of full-range RGB."""
    planes = [
        np.frombuffer(plane, np.uint8).reshape(-1, pitch).astype(np.float32)
        for plane, pitch in zip(frame.planes, frame.pitches, strict=True)
    ]
    size = (slice(frame.height), slice(frame.width))
    luma = planes[0][size]
    blue = planes[1].repeat(2, axis=0).repeat(2, axis=1)[size] - 128.0
    red = planes[2].repeat(2, axis=0).repeat(2, axis=1)[size] - 128.0
    if not frame.full_range:
        luma = (luma - 16.0) * (255.0 / 219.0)
        blue, red = blue * (255.0 / 224.0), red * (255.0 / 224.0)
    kr, kb = RED_AND_BLUE_WEIGHTS[frame.matrix]
    r = luma + 2.0 * (1.0 - kr) * red
    b = luma + 2.0 * (1.0 - kb) * blue
    g = (luma - kr * r - kb * b) / (1.0 - kr - kb)
    return np.clip(np.stack((r, g, b), axis=-1) + 0.5, 0.0, 255.0).astype(np.uint8)


def premultiplied_rgba(page: PageFrame) -> Pixels:
    """Return ``height x width x 4`` with red first, still premultiplied."""
    bgra = np.frombuffer(page.pixels, np.uint8).reshape(page.height, page.width, 4)
    return bgra[:, :, [2, 1, 0, 3]]


def _cover(glass: Pixels, picture: Pixels, place: Rect) -> None:
    target, source = _visible(glass, place)
    glass[target] = _scaled(picture, place)[source]


def _blend(glass: Pixels, picture: Pixels, place: Rect) -> None:
    target, source = _visible(glass, place)
    top = _scaled(picture, place)[source]
    shine_through = 255 - top[:, :, 3:].astype(np.uint16)
    under = glass[target].astype(np.uint16) * shine_through
    glass[target] = np.minimum(top[:, :, :3] + (under + 127) // 255, 255)


def _scaled(picture: Pixels, place: Rect) -> Pixels:
    if picture.shape[:2] == (place.height, place.width):
        return picture
    # Pillow multiplies RGBA by its alpha before it scales; RGBX it leaves alone.
    rgbx = np.full((*picture.shape[:2], 4), 255, np.uint8)
    rgbx[:, :, : picture.shape[2]] = picture
    size = (max(1, place.width), max(1, place.height))
    buffer = rgbx.tobytes()
    image = Image.frombytes("RGBX", (picture.shape[1], picture.shape[0]), buffer)
    scaled = np.frombuffer(
        image.resize(size, Image.Resampling.BILINEAR).tobytes(), np.uint8
    )
    return scaled.reshape(size[1], size[0], 4)[:, :, : picture.shape[2]]


def _visible(
    glass: Pixels, place: Rect
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of the place on the glass, and where it is in the picture."""
    height, width = glass.shape[:2]
    left, top = min(max(place.x, 0), width), min(max(place.y, 0), height)
    right = min(max(place.x + place.width, left), width)
    bottom = min(max(place.y + place.height, top), height)
    return (slice(top, bottom), slice(left, right)), (
        slice(top - place.y, bottom - place.y),
        slice(left - place.x, right - place.x),
    )
