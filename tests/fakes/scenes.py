"""What is shown at once, no part of it like another: a call, and tiles over a page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kiosk.ports import Display, Layer, Micros, PageFrame, Rect, SoftFrame


PORTRAIT = (192, 320)
"""As people see it; 4:2:0 wants even sides."""


def waves(width: int, height: int, *, padding: int = 0, cut: int = 0) -> SoftFrame:
    """Return a picture no part of which is like another."""
    planes = []
    for number, (w, h) in enumerate(
        ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    ):
        x, y = np.meshgrid(np.arange(w), np.arange(h))
        smooth = 120 + 60 * np.sin((x * (3 + number) + 40 * y / h) / w * 2)
        rows = np.pad(
            smooth.astype(np.uint8), ((0, 0), (0, padding)), constant_values=9
        )
        flat = rows.tobytes()
        planes.append(memoryview(flat[: len(flat) - cut]))
    y_plane, u_plane, v_plane = planes
    pitches = (width + padding, width // 2 + padding, width // 2 + padding)
    return SoftFrame(width, height, (y_plane, u_plane, v_plane), pitches, Micros(1))


def slope(width: int, height: int, alpha: int = 255) -> PageFrame:
    """Return a page, darker to the right and redder to the bottom."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    bgra = np.zeros((height, width, 4), np.uint8)
    bgra[:, :, 0] = x * alpha // (width * 2)
    bgra[:, :, 2] = y * alpha // height
    bgra[:, :, 3] = alpha
    return PageFrame(width, height, bgra.tobytes())


def show_a_call(display: Display) -> None:
    """Show a picture that has to be fitted, a self-view and what lies over both."""
    # all in steps of 8 pixels: the same to the pixel on every kind of display
    display.show(Layer.BASE, waves(120, 80, padding=8))
    display.show(
        Layer.PIP, replace(waves(64, 40), mirrored=True), Rect(100, 200, 64, 40)
    )
    display.show(Layer.OVER, slope(150, 60, alpha=160), Rect(11, 190, 150, 60))


def show_tiles(display: Display) -> None:
    """Show several others over a page."""
    display.show(Layer.BASE, slope(*PORTRAIT))
    display.show(Layer.SECOND, waves(128, 72, padding=3), Rect(4, 10, 160, 88))
    display.show(Layer.THIRD, waves(36, 64), Rect(40, 150, 88, 160))
