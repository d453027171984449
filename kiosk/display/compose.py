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

from kiosk.display.places import fitted, visible
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
            picture = rgb(frame)
            _cover(glass, picture[:, ::-1] if frame.mirrored else picture, place)
    return Image.fromarray(glass)


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
    target, source = visible(place, glass.shape[1::-1])
    glass[target] = _scaled(picture, place)[source]


def _blend(glass: Pixels, picture: Pixels, place: Rect) -> None:
    target, source = visible(place, glass.shape[1::-1])
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
