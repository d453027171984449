"""
Video pictures in another size or form, by swscale: for displays that cannot.

The display hardware does it for nothing; this costs 1 to 4 ms of a 720p picture
(x86-64, 2.8 GHz).  One thread at a time.
"""

# PyAV's stubs leave the buffers of planes open.
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame

from kiosk.codec.filter_chain import FilterChain, rows_of
from kiosk.codec.i420 import plane_of
from kiosk.ports import ColourMatrix, PageFrame, SoftFrame


_MATRICES = {ColourMatrix.BT601: "bt601", ColourMatrix.BT709: "bt709"}
_RANGES = {False: "limited", True: "full"}


class Rescaler:
    """Keeps what was worked out for the last size."""

    def __init__(self) -> None:
        self._scaling = FilterChain()
        self._packing = FilterChain()
        self._pages = FilterChain()
        self._source: VideoFrame | None = None

    def scaled(self, frame: SoftFrame, width: int, height: int) -> SoftFrame:
        """Return the picture in another size, both even; colours stay as they are."""
        steps = (("scale", f"{width}:{height}:flags=bilinear"),)
        y, u, v = self._scaling.filtered(self._copied(frame), steps).planes[:3]
        return SoftFrame(
            width,
            height,
            (memoryview(y), memoryview(u), memoryview(v)),
            (y.line_size, u.line_size, v.line_size),
            frame.captured_at,
            frame.matrix,
            frame.full_range,
            frame.mirrored,
        )

    def bgr0(self, frame: SoftFrame, width: int, height: int) -> tuple[memoryview, int]:
        """
        Return the picture as B, G, R and a byte of no meaning; and its pitch.

        Scaling first and converting one to one takes less than both at once, and is
        exact.
        """
        matrix, levels = _MATRICES[frame.matrix], _RANGES[frame.full_range]
        steps = (
            ("scale", f"{width}:{height}:flags=bilinear"),
            ("scale", f"in_color_matrix={matrix}:in_range={levels}"),
            ("format", "pix_fmts=bgr0"),
        )
        plane = self._packing.filtered(self._copied(frame), steps).planes[0]
        return memoryview(plane), plane.line_size

    def page(self, page: PageFrame, width: int, height: int) -> PageFrame:
        """Return a page in another size; premultiplied, so that edges stay clean."""
        source = VideoFrame(page.width, page.height, "bgra")
        drawn = np.frombuffer(page.pixels, np.uint8).reshape(page.height, -1)
        rows_of(source, 0)[: page.height, : drawn.shape[1]] = drawn
        steps = (("scale", f"{width}:{height}:flags=bilinear"),)
        rows = rows_of(self._pages.filtered(source, steps), 0)
        return PageFrame(width, height, rows[:height, : 4 * width].tobytes())

    def _copied(self, frame: SoftFrame) -> VideoFrame:
        size = frame.width, frame.height
        if self._source is None or (self._source.width, self._source.height) != size:
            self._source = VideoFrame(*size, "yuv420p")
        for index in range(3):
            part = plane_of(frame, index)
            rows_of(self._source, index)[: part.shape[0], : part.shape[1]] = part
        return self._source


def interleaved(frame: SoftFrame) -> tuple[tuple[memoryview, memoryview], int]:
    """Return the picture as NV12, luma uncopied; and the pitch of its chroma."""
    blue, red = plane_of(frame, 1), plane_of(frame, 2)
    chroma = np.empty((*blue.shape, 2), np.uint8)
    chroma[:, :, 0] = blue
    chroma[:, :, 1] = red
    return (frame.planes[0], chroma.reshape(-1).data), 2 * blue.shape[1]


def mirrored(frame: SoftFrame) -> SoftFrame:
    """Return the picture with left and right reversed, in memory of its own."""
    planes = [np.ascontiguousarray(plane_of(frame, i)[:, ::-1]) for i in range(3)]
    y, u, v = (plane.reshape(-1).data for plane in planes)
    return SoftFrame(
        frame.width,
        frame.height,
        (y, u, v),
        (frame.width, frame.width // 2, frame.width // 2),
        frame.captured_at,
        frame.matrix,
        frame.full_range,
    )
