"""
What the display hardware makes of its planes, in software: for pictures on demand.

Each plane is fetched by its pitches and offsets, converted by its own encoding and range,
mirrored, scaled and blended as premultiplied, the lowest first.  It knows framebuffers and
planes, no frames: so it tells whether what was handed to the hardware is what was meant.
Tens of milliseconds; it imports numpy and Pillow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kiosk.display.layouts import Layout
from kiosk.display.mailbox import Shown
from kiosk.display.places import visible
from kiosk.display.uapi_numbers import Fourcc, Rotation
from kiosk.ports import ColourMatrix, Rect


Pixels = NDArray[np.float32]

# R, G and B of luma and both chromas, as the BCM2711's and BCM2835's CSC coefficients
# have them (vc4_plane.c), in floating point: ITU-R BT.601-7 and BT.709-6.
_RED, _GREEN_BLUE, _GREEN_RED, _BLUE = 0, 1, 2, 3
_FULL = {
    ColourMatrix.BT601: (1.402, -0.344136, -0.714136, 1.772),
    ColourMatrix.BT709: (1.5748, -0.187324, -0.468124, 1.8556),
}
_LIMITED_LUMA, _LIMITED_CHROMA = 255 / 219, 255 / 224
_BLACK = 16


@dataclass(frozen=True, slots=True)
class ScannedPlane:
    """
    A plane as the hardware sees it.

    Attributes:
        memory: What the framebuffer's offsets count from.
        rotation: As the plane's property has it.

    """

    layout: Layout
    memory: bytes | memoryview
    at: Rect
    matrix: ColourMatrix
    is_full_range: bool
    rotation: Rotation


def scanned(shown: Shown, memory: bytes, rotation: Rotation) -> ScannedPlane:
    """Return the plane that shows a picture."""
    picture = shown.picture
    return ScannedPlane(
        shown.surface.layout,
        memory,
        picture.at,
        picture.matrix,
        picture.is_full_range,
        rotation,
    )


def scanned_out(size: tuple[int, int], planes: Sequence[ScannedPlane]) -> Image.Image:
    """Return the planes, the lowest first, on black in the size of the mode."""
    glass = np.zeros((size[1], size[0], 3), np.float32)
    for plane in planes:
        colours, alpha = _fetched(plane)
        where, part = visible(plane.at, size)
        scaled = _scaled(_turned(colours, plane.rotation), plane.at)[part]
        if alpha is None:
            glass[where] = scaled
        else:
            shine = 1 - _scaled(_turned(alpha, plane.rotation), plane.at)[part] / 255
            glass[where] = scaled + glass[where] * shine
    return Image.fromarray((glass + 0.5).clip(0, 255).astype(np.uint8))


def _fetched(plane: ScannedPlane) -> tuple[Pixels, Pixels | None]:
    """Return colours, and alpha where the format has one."""
    layout = plane.layout
    if layout.fourcc is Fourcc.YU12:
        luma, blue, red = (_rows(plane, index) for index in range(3))
        return _rgb(plane, luma, blue, red), None
    if layout.fourcc is Fourcc.NV12:
        luma, both = _rows(plane, 0), _rows(plane, 1)
        return _rgb(plane, luma, both[:, ::2], both[:, 1::2]), None
    pixels = _rows(plane, 0).reshape(layout.height, layout.width, 4)
    has_alpha = layout.fourcc is Fourcc.AR24
    return pixels[:, :, 2::-1], pixels[:, :, 3:] if has_alpha else None


def _rows(plane: ScannedPlane, index: int) -> Pixels:
    layout = plane.layout
    pitch, width = layout.pitches[index], layout.row_bytes[index]
    rows, offset = layout.rows[index], layout.offsets[index]
    memory = np.frombuffer(plane.memory, np.uint8)
    fetched = np.lib.stride_tricks.as_strided(
        memory[offset:], (rows, width), (pitch, 1), writeable=False
    )
    return fetched.astype(np.float32)


def _rgb(plane: ScannedPlane, luma: Pixels, blue: Pixels, red: Pixels) -> Pixels:
    size = (slice(plane.layout.height), slice(plane.layout.width))
    blue = blue.repeat(2, axis=0).repeat(2, axis=1)[size] - 128
    red = red.repeat(2, axis=0).repeat(2, axis=1)[size] - 128
    if not plane.is_full_range:
        luma = (luma - _BLACK) * _LIMITED_LUMA
        blue, red = blue * _LIMITED_CHROMA, red * _LIMITED_CHROMA
    factors = _FULL[plane.matrix]
    return np.dstack(
        (
            luma + factors[_RED] * red,
            luma + factors[_GREEN_BLUE] * blue + factors[_GREEN_RED] * red,
            luma + factors[_BLUE] * blue,
        )
    ).clip(0, 255)


def _turned(pixels: Pixels, rotation: Rotation) -> Pixels:
    """Turn as DRM_MODE_ROTATE and DRM_MODE_REFLECT say: reflection comes first."""
    if Rotation.REFLECT_X in rotation:
        pixels = pixels[:, ::-1]
    if Rotation.REFLECT_Y in rotation:
        pixels = pixels[::-1]
    return pixels[::-1, ::-1] if Rotation.ROTATE_180 in rotation else pixels


def _scaled(pixels: Pixels, at: Rect) -> Pixels:
    """Scale bilinearly, as the HVS does but for its finer filter kernel."""
    height, width = pixels.shape[:2]
    if (width, height) == (at.width, at.height):
        return pixels
    above, below, down = _neighbours(height, at.height)
    before, after, along = _neighbours(width, at.width)
    down, along = down[:, None, None], along[None, :, None]
    top = pixels[above][:, before] * (1 - along) + pixels[above][:, after] * along
    bottom = pixels[below][:, before] * (1 - along) + pixels[below][:, after] * along
    return np.asarray(top * (1 - down) + bottom * down, np.float32)


def _neighbours(
    source: int, target: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Pixels]:
    """Return the two source lines of each target line, and the second one's share."""
    centres = ((np.arange(target) + 0.5) * source / target - 0.5).clip(0, source - 1)
    first = centres.astype(np.intp)
    share = (centres - first).astype(np.float32)
    return first, np.minimum(first + 1, source - 1), share
