"""Whether a frame is what its numbers say: before anybody copies by them."""

from __future__ import annotations

from typing import Final

from kiosk.display.framebuffer import plane_sizes
from kiosk.ports import DmabufFrame, Frame, PageFrame


LARGEST_SIDE: Final = 8192
"""Pixels; the widest picture any display pipeline of ours scans out."""


def check_frame(frame: Frame) -> None:
    """
    Check sizes, pitches and lengths.

    Raises:
        ValueError: If a copy would read beyond the frame, or nobody can show it.

    """
    size = f"{frame.width}x{frame.height}"
    if not (0 < frame.width <= LARGEST_SIDE and 0 < frame.height <= LARGEST_SIDE):
        raise ValueError(f"a frame of {size} cannot be shown")
    if isinstance(frame, PageFrame):
        if len(frame.pixels) != frame.width * frame.height * 4:
            raise ValueError(f"a page of {size} has {len(frame.pixels)} bytes")
        return
    if isinstance(frame, DmabufFrame):
        return
    for plane, pitch, (width, rows) in zip(
        frame.planes, frame.pitches, plane_sizes(frame), strict=True
    ):
        if pitch < width or len(plane) < pitch * (rows - 1) + width:
            raise ValueError(
                f"a plane of a {size} frame is too small: pitch {pitch}, "
                f"{len(plane)} bytes"
            )
