"""
A display without a panel: it keeps the newest frame of every layer.

It serves the demonstration, the tests and machines without a screen.  Pictures
are copied as they come, one copy per colour plane into buffers that are used
again; composing them costs nothing until somebody asks for a PNG.  With a
framebuffer file, a reader outside the process sees the base layer as it is.

It must not import numpy or Pillow at its top: the first pixel does not wait
for them.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kiosk.codec.dmabuf import MappedFrame
from kiosk.display.framebuffer import Framebuffer, plane_sizes
from kiosk.display.frames import LARGEST_SIDE, check_frame
from kiosk.display.places import fitted
from kiosk.errors import DeviceError
from kiosk.ports import (
    Clock,
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
    from PIL.Image import Image

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LayerCount:
    """
    What happened on one layer since the display was made.

    Attributes:
        shown: Frames put on it, repeats included.
        repeats: Those that carried the capture time of the one before.
        hidden: How often it was switched off.

    """

    shown: int = 0
    repeats: int = 0
    hidden: int = 0


@dataclass(slots=True)
class _LayerState:
    frame: SoftFrame | PageFrame | None = None
    at: Rect | None = None
    buffers: list[bytearray] = field(default_factory=list[bytearray])
    count: LayerCount = LayerCount()


class HeadlessDisplay:
    """
    Implements :class:`kiosk.ports.Display` in memory.

    Frames shown while the display is not open are dropped.

    Args:
        clock: Tells when a frame was presented.
        width, height: Size in pixels.
        framebuffer: File to mirror the base layer to, if any; see
            :mod:`kiosk.display.framebuffer` for its format.

    """

    def __init__(
        self,
        clock: Clock,
        *,
        width: int = 1280,
        height: int = 720,
        framebuffer: Path | None = None,
    ) -> None:
        self._clock = clock
        self._size = (width, height)
        self._framebuffer_path = framebuffer
        self._framebuffer: Framebuffer | None = None
        self._layers = {layer: _LayerState() for layer in Layer}
        self._lock = threading.Lock()
        self._open = False

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        width, height = self._size
        found = f"headless {width}x{height}"
        if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
            wrong = f"a size of {width}x{height} cannot be shown"
            return Probe(found, wrong, f"choose sides of 1 to {LARGEST_SIDE} pixels")
        path = self._framebuffer_path
        if path is not None and not path.parent.is_dir():
            wrong = f"no directory {path.parent} for the framebuffer file"
            return Probe(found, wrong, "make the directory or name another file")
        return Probe(found)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return self._size

    def open(self) -> None:
        """
        Take the display; a second time is no error.

        Raises:
            DeviceError: If the size is absurd or the framebuffer file cannot
                be made.

        """
        wrong = self.probe()
        if wrong.wrong:
            reason = f"{wrong.wrong}; {wrong.cure}"
            raise DeviceError("display", "headless", reason)
        with self._lock:
            if self._open:
                return
            if self._framebuffer_path is not None:
                self._framebuffer = Framebuffer(self._framebuffer_path, self._size)
            self._open = True

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros:
        """
        Put a frame on a layer and return the time; any thread, one copy long.

        Raises:
            ValueError: If the frame is not what its numbers say.
            DeviceError: If a dma-buf cannot be read.

        """
        if isinstance(frame, DmabufFrame):
            return self._show_dmabuf(layer, frame, at)
        check_frame(frame)
        with self._lock:
            now = self._clock.now()
            if not self._open:
                return now
            state = self._layers[layer]
            state.count = _counted(state.count, state.frame, frame)
            state.frame, state.at = _kept(frame, state), at
            if layer is Layer.BASE and self._framebuffer is not None:
                self._framebuffer.write(frame, now)
            return now

    def hide(self, layer: Layer) -> None:
        """Switch a layer off; any thread."""
        with self._lock:
            state = self._layers[layer]
            if state.frame is None:
                return
            state.frame = None
            state.count = replace(state.count, hidden=state.count.hidden + 1)
            if layer is Layer.BASE and self._framebuffer is not None:
                self._framebuffer.hide(self._clock.now())

    def count(self, layer: Layer) -> LayerCount:
        """Return what happened on a layer so far."""
        with self._lock:
            return self._layers[layer].count

    def newest(self, layer: Layer) -> SoftFrame | PageFrame | None:
        """Return a copy of what is on a layer; ``None`` when it is off."""
        with self._lock:
            return _copied(self._layers[layer].frame)

    def place(self, layer: Layer) -> Rect | None:
        """Return where a layer was put; ``None`` means fitted into the display."""
        with self._lock:
            return self._layers[layer].at

    def rect(self, layer: Layer) -> Rect | None:
        """Return the part of the display that a layer takes; ``None``: it is off."""
        with self._lock:
            state = self._layers[layer]
            if state.frame is None:
                return None
            picture = state.frame.width, state.frame.height
            return state.at or fitted(picture, self._size)

    def composed(self) -> Image:
        """Return all layers as one picture. Takes tens of milliseconds."""
        # numpy and Pillow take 100 ms to import: they come with the first picture.
        from kiosk.display.compose import compose  # noqa: PLC0415

        with self._lock:
            states = [self._layers[layer] for layer in Layer]
            placed = [(_copied(state.frame), state.at) for state in states]
        return compose(self._size, [(f, at) for f, at in placed if f is not None])

    def save_png(self, path: str) -> None:
        """
        Write all layers composed: a worker thread's work.

        Raises:
            DeviceError: If ``path`` cannot be written.

        """
        from kiosk.display.png import write_png  # noqa: PLC0415 -- brings Pillow

        write_png(self.composed(), path, "headless")

    def close(self) -> None:
        """Switch all layers off and let go of the framebuffer file."""
        with self._lock:
            self._open = False
            for state in self._layers.values():
                state.frame = None
                state.buffers.clear()
            framebuffer, self._framebuffer = self._framebuffer, None
            if framebuffer is not None:
                framebuffer.close()

    def _show_dmabuf(self, layer: Layer, frame: DmabufFrame, at: Rect | None) -> Micros:
        try:
            with MappedFrame(frame) as soft:
                return self.show(layer, soft, at)
        finally:
            frame.release()


def _counted(
    count: LayerCount, old: SoftFrame | PageFrame | None, new: SoftFrame | PageFrame
) -> LayerCount:
    repeats = (
        isinstance(old, SoftFrame)
        and isinstance(new, SoftFrame)
        and old.captured_at == new.captured_at
    )
    return replace(count, shown=count.shown + 1, repeats=count.repeats + repeats)


def _kept(frame: SoftFrame | PageFrame, state: _LayerState) -> SoftFrame | PageFrame:
    """Return the frame in memory of ours: pages are immutable, planes are not."""
    if isinstance(frame, PageFrame):
        return frame
    rows = [rows for _, rows in plane_sizes(frame)]
    sizes = [pitch * n for pitch, n in zip(frame.pitches, rows, strict=True)]
    if [len(buffer) for buffer in state.buffers] != sizes:
        state.buffers = [bytearray(size) for size in sizes]
    for buffer, plane in zip(state.buffers, frame.planes, strict=True):
        length = min(len(buffer), len(plane))
        memoryview(buffer)[:length] = plane[:length]
    y, u, v = (memoryview(buffer) for buffer in state.buffers)
    return replace(frame, planes=(y, u, v))


def _copied(frame: SoftFrame | PageFrame | None) -> SoftFrame | PageFrame | None:
    if not isinstance(frame, SoftFrame):
        return frame
    y, u, v = (memoryview(bytes(plane)) for plane in frame.planes)
    return replace(frame, planes=(y, u, v))
