"""
A display that hangs on its side or on its head: what is shown is turned to fit.

Everybody above draws and places in the size people see; here pictures, pages
and places are turned on their way to the display, all layers alike.

1. Places are always turned here: that costs nothing.
2. Pictures are turned by the display where it can (180 degrees, on Raspberry
   Pi), else by the processor: 0.3 ms for one of 1280x720 on a desktop, several
   times that on a Raspberry Pi (``python -m tests.bench rotation_cost``).
3. numpy comes with the first picture of a person, not with the first page: the
   first pixel does not wait for it.
"""

from __future__ import annotations

import os
import sys
import threading
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.codec.dmabuf import MappedFrame
from kiosk.display.places import fitted, turned_place, turned_size
from kiosk.errors import DeviceError
from kiosk.ports import (
    Display,
    DmabufFrame,
    Frame,
    Layer,
    Micros,
    PageFrame,
    Probe,
    Rect,
    SoftFrame,
)


if TYPE_CHECKING:
    from kiosk.display.turned_planes import PlaneTurner

ROTATIONS: Final = (0, 90, 180, 270)
_HALF: Final = 180


def _cannot() -> bool:
    return False


class RotatedDisplay:
    """
    Implements :class:`kiosk.ports.Display` around another one.

    Args:
        display: As it is wired.
        degrees: 90, 180 or 270, clockwise: how what is drawn is turned on it.
        turn_over: Has the display turn what is on every layer by 180 degrees,
            and says whether it can; asked once it is open.

    """

    def __init__(
        self,
        display: Display,
        degrees: int,
        *,
        turn_over: Callable[[], bool] = _cannot,
    ) -> None:
        self._display = display
        self._degrees = degrees
        self._turn_over = turn_over
        self._is_turned_over = False
        self._turners: dict[Layer, PlaneTurner] = {}
        self._lock = threading.Lock()

    def probe(self) -> Probe:
        """Ask the display."""
        found = self._display.probe()
        return replace(found, found=f"{found.found}, turned by {self._degrees} degrees")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as people see them."""
        return turned_size(self._display.size, self._degrees)

    def open(self) -> None:
        """
        Take the display.

        Raises:
            DeviceError: If there is none or somebody else owns it.

        """
        self._display.open()
        self._is_turned_over = self._degrees == _HALF and self._turn_over()

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """
        Put a frame on a layer, turned; any thread.

        Raises:
            DeviceError: If a dma-buf cannot be read.

        """
        size = self.size
        place = fitted((frame.width, frame.height), size) if at is None else at
        at = turned_place(place, size, self._degrees)
        if self._is_turned_over:
            return self._display.show(layer, frame, at)
        if isinstance(frame, PageFrame):
            return self._display.show(layer, turned_page(frame, self._degrees), at)
        if isinstance(frame, SoftFrame):
            return self._show_turned(layer, frame, at)
        return self._show_dmabuf(layer, frame, at)

    def hide(self, layer: Layer) -> None:
        """Switch a layer off; any thread."""
        self._display.hide(layer)

    def save_png(self, path: str) -> None:
        """
        Write what is on the glass, upright as people see it.

        Raises:
            DeviceError: If ``path`` cannot be written.

        """
        # Pillow takes 50 ms to import: it comes with the first picture asked for.
        from PIL import Image  # noqa: PLC0415

        scratch = f"{path}.{os.getpid()}.{threading.get_ident()}.turned"
        try:
            self._display.save_png(scratch)
            with Image.open(scratch) as image:
                upright = image.rotate(self._degrees, expand=True)
            upright.save(scratch, format="PNG")
            Path(scratch).replace(path)
        except OSError as error:
            reason = f"cannot write the picture {path}: {error}"
            raise DeviceError("display", "turned", reason) from error
        finally:
            Path(scratch).unlink(missing_ok=True)

    def close(self) -> None:
        """Give the display back."""
        self._display.close()

    def _show_turned(self, layer: Layer, frame: SoftFrame, at: Rect) -> Micros | None:
        with self._lock:  # layers take turns: one picture of each is kept
            turner = self._turners.get(layer)
            if turner is None:
                from kiosk.display.turned_planes import PlaneTurner  # noqa: PLC0415

                turner = self._turners[layer] = PlaneTurner(self._degrees)
            return self._display.show(layer, turner.turned(frame), at)

    def _show_dmabuf(self, layer: Layer, frame: DmabufFrame, at: Rect) -> Micros | None:
        try:
            with MappedFrame(frame) as soft:
                return self._show_turned(layer, soft, at)
        finally:
            frame.release()


def turned_page(page: PageFrame, degrees: int) -> PageFrame:
    """Return a page turned clockwise by 90, 180 or 270 degrees."""
    width, height = turned_size((page.width, page.height), degrees)
    if "numpy" in sys.modules:  # four times as fast, but not worth importing it
        from kiosk.display import turned_planes  # noqa: PLC0415

        return PageFrame(
            width,
            height,
            turned_planes.turned_page_pixels(
                page.pixels, page.width, page.height, degrees
            ),
        )
    return PageFrame(width, height, turned_by_slices(page, degrees))


def turned_by_slices(page: PageFrame, degrees: int) -> bytes:
    """Return the pixels of a page turned, by the standard library alone."""
    pixels = array("I", page.pixels)
    if degrees == _HALF:
        return pixels[::-1].tobytes()
    columns = [pixels[x :: page.width] for x in range(page.width)]
    if degrees == 90:  # noqa: PLR2004 -- a quarter
        return b"".join(column[::-1].tobytes() for column in columns)
    return b"".join(column.tobytes() for column in reversed(columns))
