"""
The virtual framebuffer: what is on the base layer, for a reader outside.

A test bench that imports nothing from this package maps the file and looks at
it as often as it likes, as a camera before a real panel would.  The writer
pays one copy per colour plane and never waits for a reader.

The file is a header of 64 bytes, little endian, and pixels from offset 64 on:

====== ==== ==================================================================
offset type meaning
====== ==== ==================================================================
0      4s   magic ``KFB1``
4      u32  sequence: odd while the writer is at work (a seqlock)
8      u32  width of the picture in pixels
12     u32  height of the picture in pixels
16     u32  format: 0 = nothing yet, 1 = I420 tight, 2 = BGRA premultiplied
20     u32  zero
24     u64  frame counter: pictures written since the file was opened
32     u64  presented at: CLOCK_MONOTONIC in microseconds, of the last change
40     u64  hidden: 1 while the layer is off
48     16s  zero
====== ==== ==================================================================

A reader copies what it wants between two looks at the sequence and tries again
when they differ or are odd.  I420 tight is Y (width x height), then U and V
(each (width + 1) // 2 x (height + 1) // 2), without padding.

The module must not import anything heavy: it runs before the first pixel.
"""

from __future__ import annotations

import logging
import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kiosk.errors import DeviceError
from kiosk.ports import Micros, PageFrame, SoftFrame


HEADER_SIZE: Final = 64
MAGIC: Final = b"KFB1"
FORMAT_I420: Final = 1
FORMAT_BGRA: Final = 2
LARGEST_VIDEO: Final = (1920, 1080)
BYTES_PER_PAGE_PIXEL: Final = 4

# Offsets as indices of 32 and 64 bit words; all machines we run on are little
# endian.  Native words are stored in one piece, which struct's "<I" is not.
_SEQUENCE, _WIDTH, _HEIGHT, _FORMAT = 1, 2, 3, 4
_COUNTER, _PRESENTED, _HIDDEN = 3, 4, 5

log = logging.getLogger(__name__)


class Framebuffer:
    """
    Writer of one framebuffer file. One thread at a time, as its owner sees to.

    Args:
        path: The file; made if absent, readable by its owner only.
        display_size: Width and height a page may have.

    """

    def __init__(self, path: Path, display_size: tuple[int, int]) -> None:
        self._path = path
        width, height = display_size
        self._capacity = BYTES_PER_PAGE_PIXEL * max(
            width * height, LARGEST_VIDEO[0] * LARGEST_VIDEO[1]
        )
        self._map = self._mapped()
        self._bytes = memoryview(self._map)
        self._words = self._bytes[:HEADER_SIZE].cast("I")
        self._longs = self._bytes[:HEADER_SIZE].cast("Q")
        self._pixels = self._bytes[HEADER_SIZE:]
        self._closed = False
        self._warned = False
        self._bytes[:HEADER_SIZE] = MAGIC + bytes(HEADER_SIZE - len(MAGIC))
        self._longs[_HIDDEN] = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, frame: SoftFrame | PageFrame, presented_at: Micros) -> None:
        """Publish a picture; one too large for the file is hidden and logged."""
        if _size_in_file(frame) > self._capacity:
            self._warn_once(frame)
            self.hide(presented_at)
            return
        self._begin()
        if isinstance(frame, PageFrame):
            self._pixels[: len(frame.pixels)] = frame.pixels
            self._words[_FORMAT] = FORMAT_BGRA
        else:
            self._write_planes(frame)
            self._words[_FORMAT] = FORMAT_I420
        self._words[_WIDTH] = frame.width
        self._words[_HEIGHT] = frame.height
        self._longs[_COUNTER] += 1
        self._longs[_HIDDEN] = 0
        self._end(presented_at)

    def hide(self, presented_at: Micros) -> None:
        """Say that the layer is off; the old pixels stay where they are."""
        self._begin()
        self._longs[_HIDDEN] = 1
        self._end(presented_at)

    def close(self) -> None:
        """Mark the layer off and let go of the file, which stays."""
        if self._closed:
            return
        self._closed = True
        self._begin()
        self._longs[_HIDDEN] = 1
        self._words[_SEQUENCE] += 1
        for view in (self._words, self._longs, self._pixels, self._bytes):
            view.release()
        self._map.close()

    def _mapped(self) -> mmap.mmap:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            fd = os.open(self._path, flags, 0o600)
            try:
                os.ftruncate(fd, HEADER_SIZE + self._capacity)
                return mmap.mmap(fd, HEADER_SIZE + self._capacity)
            finally:
                os.close(fd)
        except (OSError, ValueError) as error:
            reason = f"cannot make the framebuffer file: {error}"
            raise DeviceError("display", str(self._path), reason) from error

    def _begin(self) -> None:
        self._words[_SEQUENCE] = (self._words[_SEQUENCE] + 1) & 0xFFFF_FFFF

    def _end(self, presented_at: Micros) -> None:
        self._longs[_PRESENTED] = presented_at
        self._words[_SEQUENCE] = (self._words[_SEQUENCE] + 1) & 0xFFFF_FFFF

    def _write_planes(self, frame: SoftFrame) -> None:
        start = 0
        for plane, pitch, (width, rows) in zip(
            frame.planes, frame.pitches, plane_sizes(frame), strict=True
        ):
            end = start + width * rows
            if pitch == width:
                self._pixels[start:end] = plane[: width * rows]
            else:
                for row in range(rows):
                    to, source = start + row * width, row * pitch
                    self._pixels[to : to + width] = plane[source : source + width]
            start = end

    def _warn_once(self, frame: SoftFrame | PageFrame) -> None:
        if not self._warned:
            self._warned = True
            log.warning(
                "a picture of %dx%d does not fit into the framebuffer file",
                frame.width,
                frame.height,
            )


def plane_sizes(frame: SoftFrame) -> tuple[tuple[int, int], ...]:
    """Return bytes per row and rows of Y, U and V."""
    chroma = (frame.width + 1) // 2, (frame.height + 1) // 2
    return (frame.width, frame.height), chroma, chroma


def _size_in_file(frame: SoftFrame | PageFrame) -> int:
    if isinstance(frame, PageFrame):
        return len(frame.pixels)
    return sum(width * rows for width, rows in plane_sizes(frame))
