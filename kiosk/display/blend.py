"""
All layers in one picture, by the processor: for drivers with a single plane.

Each layer is kept as it will be copied, so that a new picture on one of them costs
its own conversion and the blending, not that of the others.  Parts of a page where
nothing is drawn are skipped.  It imports numpy, so it is itself imported only when a
picture cannot be handed over as it is.  One thread at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.codec.rescale import Rescaler, mirrored
from kiosk.display.places import visible
from kiosk.ports import Layer, PageFrame, Rect, SoftFrame


Pixels = NDArray[np.uint8]
"""Rows by columns by B, G, R and A or nothing."""

_BAND = 32  # rows; a page's strips and captions leave most bands empty
_OPAQUE = 255


@dataclass(frozen=True, slots=True)
class _Patch:
    """
    A part of a layer on the display.

    Attributes:
        shine: How much of what is below shines through, 0 to 255; ``None`` is none.

    """

    where: tuple[slice, slice]
    pixels: Pixels
    shine: NDArray[np.uint16] | None = None


class Composer:
    """
    The layers of a display.

    Args:
        size: Width and height in pixels.

    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._canvas: Pixels = np.zeros((size[1], size[0], 4), np.uint8)
        self._patches: dict[Layer, list[_Patch]] = {}
        self._rescalers: dict[Layer, Rescaler] = {}

    def put(self, layer: Layer, frame: SoftFrame | PageFrame, at: Rect) -> None:
        """Put a picture on a layer; it is copied."""
        rescaler = self._rescalers.setdefault(layer, Rescaler())
        if isinstance(frame, PageFrame):
            if (frame.width, frame.height) != (at.width, at.height):
                frame = rescaler.page(frame, at.width, at.height)
            pixels = np.frombuffer(frame.pixels, np.uint8)
            patches = self._of_page(pixels.reshape(at.height, at.width, 4), at)
        else:
            frame = mirrored(frame) if frame.mirrored else frame
            plane, pitch = rescaler.bgr0(frame, at.width, at.height)
            pixels = np.frombuffer(plane, np.uint8).reshape(-1, pitch // 4, 4)
            patches = self._of_video(pixels[: at.height, : at.width], at)
        self._patches[layer] = patches

    def has(self, layer: Layer) -> bool:
        """Whether there is a picture on a layer."""
        return layer in self._patches

    def remove(self, layer: Layer) -> None:
        """Switch a layer off."""
        self._patches.pop(layer, None)

    def draw(self) -> memoryview:
        """Return the layers on each other, tightly packed; valid until the next."""
        canvas = self._canvas
        canvas[:] = 0
        for layer in Layer:
            for patch in self._patches.get(layer, ()):
                _lay(canvas, patch)
        return canvas.reshape(-1).data

    def _of_video(self, pixels: Pixels, at: Rect) -> list[_Patch]:
        where, part = visible(at, self._size)
        return [_Patch(where, pixels[part].copy())]

    def _of_page(self, pixels: Pixels, at: Rect) -> list[_Patch]:
        (rows, columns), part = visible(at, self._size)
        pixels = pixels[part]
        patches: list[_Patch] = []
        for first in range(0, len(pixels), _BAND):
            band = pixels[first : first + _BAND]
            drawn = np.flatnonzero(band[:, :, 3].any(axis=0))
            if not len(drawn):
                continue
            left, right = int(drawn[0]), int(drawn[-1]) + 1
            cut = band[:, left:right]
            top = rows.start + first
            where = (
                slice(top, top + len(band)),
                slice(columns.start + left, columns.start + right),
            )
            alpha = cut[:, :, 3:].astype(np.uint16)
            shine = None if alpha.min() == _OPAQUE else _OPAQUE - alpha
            patches.append(_Patch(where, cut, shine))
        return patches


def _lay(canvas: Pixels, patch: _Patch) -> None:
    if patch.shine is None:
        canvas[patch.where] = patch.pixels
        return
    under = canvas[patch.where] * patch.shine + 128
    under += under >> 8
    under >>= 8
    under += patch.pixels
    canvas[patch.where] = np.minimum(under, _OPAQUE)
