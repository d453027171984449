"""
Pictures in the form a plan hands to the display.

In plan A that is the decoder's own memory, and nothing is converted; the others need
numpy and swscale, which are imported with the first picture that needs them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from kiosk.display.layouts import Layout, decoded_layout, layout_of
from kiosk.display.plan import Picture, Plan, Rung
from kiosk.display.uapi_numbers import Fourcc
from kiosk.ports import ColourMatrix, PageFrame, Rect, SoftFrame


if TYPE_CHECKING:
    from kiosk.codec.rescale import Rescaler


@dataclass(frozen=True, slots=True)
class Form:
    """
    A picture that is ready to be copied.

    Attributes:
        layout: Of the memory it goes into.
        planes, pitches: Where it is now.
        is_mirrored: Whether the plane is to reverse left and right.

    """

    layout: Layout
    planes: Sequence[memoryview | bytes]
    pitches: Sequence[int]
    matrix: ColourMatrix = ColourMatrix.BT601
    is_full_range: bool = False
    is_mirrored: bool = False

    def picture(self, framebuffer: int, at: Rect) -> Picture:
        """Return what a plane is told."""
        return Picture(
            framebuffer,
            self.layout.fourcc,
            self.layout.width,
            self.layout.height,
            at,
            self.matrix,
            self.is_full_range,
            self.is_mirrored,
        )


class Forms:
    """Brings the pictures of one layer into form; threads that do wait for another."""

    def __init__(self) -> None:
        self._kept: Rescaler | None = None
        self._lock = threading.Lock()

    def video(self, plan: Plan, frame: SoftFrame, at: Rect, *, mirrors: bool) -> Form:
        """
        Return a picture as ``plan`` wants it for its place.

        ``mirrors`` is whether the plane itself can reverse left and right.
        """
        with self._lock:
            return self._form(plan, frame, at, mirrors=mirrors)

    def page(self, plan: Plan, page: PageFrame, at: Rect) -> PageFrame:
        """Return a page in the size that ``plan`` wants for its place."""
        if plan.is_scaled_by_hardware or (page.width, page.height) == (
            at.width,
            at.height,
        ):
            return page
        with self._lock:
            return self._rescaler().page(page, at.width, at.height)

    def _form(self, plan: Plan, frame: SoftFrame, at: Rect, *, mirrors: bool) -> Form:
        if frame.mirrored and not mirrors:
            frame = _rescale().mirrored(frame)
        colours = frame.matrix, frame.full_range, frame.mirrored
        if plan.rung is Rung.A_NV12:
            planes, pitch = _rescale().interleaved(frame)
            pitches = (frame.pitches[0], pitch)
            layout = layout_of(Fourcc.NV12, frame.width, frame.height, pitches)
            return Form(layout, planes, pitches, *colours)
        if plan.video is Fourcc.XR24:
            pixels, pitch = self._rescaler().bgr0(frame, at.width, at.height)
            layout = layout_of(Fourcc.XR24, at.width, at.height, (pitch,))
            return Form(layout, (pixels,), (pitch,), *colours)
        if not plan.is_scaled_by_hardware:
            width, height = max(2, at.width & ~1), max(2, at.height & ~1)
            if (frame.width, frame.height) != (width, height):
                frame = self._rescaler().scaled(frame, width, height)
        return Form(decoded_layout(frame), frame.planes, frame.pitches, *colours)

    def _rescaler(self) -> Rescaler:
        rescaler: Rescaler = self._kept or _rescale().Rescaler()
        self._kept = rescaler
        return rescaler


def one_to_one(plan: Plan, form: Form, at: Rect) -> Rect:
    """Return a place that needs no scaling, where a plan has none: a pixel smaller."""
    if plan.is_scaled_by_hardware:
        return at
    return Rect(at.x, at.y, form.layout.width, form.layout.height)


def _rescale() -> ModuleType:
    # numpy and PyAV take 100 ms to import: they come with the first such picture.
    from kiosk.codec import rescale  # noqa: PLC0415

    return rescale
