"""
A camera's pictures as they come, brought to what the encoder takes.

JPEG or raw, of any size, matrix and range: what comes out is I420 of the size asked for,
BT.601 in limited range, as the encoder tells its viewers.  The shape is kept: what a
picture has more of it loses at both sides, or above and below.  Damaged pictures are
found, not guessed at.  Not thread-safe.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.filter_chain import FilterChain, Steps, i420_from, rows_of, to_i420
from kiosk.codec.h264_decoder import MAX_PIXELS
from kiosk.codec.i420 import I420, soft_frame
from kiosk.errors import MediaError
from kiosk.ports import ColourMatrix, Micros, SoftFrame


JPEG: Final = "mjpeg"
"""The form of a picture that is a JPEG; the others are FFmpeg's pixel formats."""

_END: Final = b"\xff\xd9"
_LONGEST_PADDING: Final = 4096
"""Bytes that cameras have been seen to leave behind a JPEG's end."""
_ROW_SHARES: Final = {
    "yuyv422": (2.0,),
    "uyvy422": (2.0,),
    "nv12": (1.0, 1.0),
    "yuv420p": (1.0, 0.5, 0.5),
}
"""Bytes per row of each plane, in widths; planes but the first have half the rows."""


@dataclass(frozen=True, slots=True)
class CapturedForm:
    """
    How a camera's pictures lie in memory.

    Attributes:
        layout: :data:`JPEG`, or ``yuyv422``, ``uyvy422``, ``nv12``, ``yuv420p``.
        width, height: In pixels; a JPEG says its own.
        pitch: Bytes from one row of the first plane to the next; no use to a JPEG.
        matrix, full_range: Colours; a JPEG has full range by definition.

    """

    layout: str
    width: int
    height: int
    pitch: int
    matrix: ColourMatrix = ColourMatrix.BT601
    full_range: bool = False


class CapturedPictures:
    """
    Makes pictures of one size out of those of one camera.

    Args:
        form: Of what comes.
        width, height: Of what is made, both even.

    """

    def __init__(self, form: CapturedForm, width: int, height: int) -> None:
        self._form = form
        self._size = (width, height)
        self._fitting = FilterChain()
        self._whole = FilterChain()
        self._decoder = _jpeg_decoder() if form.layout == JPEG else None
        self._raw: VideoFrame | None = None

    def picture(self, content: memoryview) -> I420:
        """
        Return a picture in the size asked for, in memory of its own.

        Raises:
            MediaError: If it is damaged.

        """
        width, height = self._size
        frame = self._uncoded(content)
        kept = _largest_of_shape(frame, width, height)
        steps = (*kept, *self._conversion(width, height))
        return _filtered(self._fitting, frame, steps)

    def whole(self, content: memoryview, at: Micros) -> SoftFrame:
        """
        Return all of a picture in the camera's own size, taken at ``at``.

        Raises:
            MediaError: If it is damaged.

        """
        frame = self._uncoded(content)
        steps = self._conversion(frame.width & ~1, frame.height & ~1)
        return soft_frame(_filtered(self._whole, frame, steps), at)

    def _conversion(self, width: int, height: int) -> Steps:
        form, is_jpeg = self._form, self._decoder is not None
        return to_i420(
            width,
            height,
            matrix=ColourMatrix.BT601 if is_jpeg else form.matrix,
            full_range=form.full_range or is_jpeg,
        )

    def _uncoded(self, content: memoryview) -> VideoFrame:
        if self._decoder is None:
            return self._copied(content)
        end = content[-_LONGEST_PADDING:].tobytes().rfind(_END)
        if end < 0:
            raise MediaError("a picture of the camera is cut short")
        try:
            (frame,) = self._decoder.decode(Packet(content.tobytes()))
        except AV_ERRORS as exc:
            raise MediaError(f"a picture of the camera: {cause_of(exc)}") from exc
        return frame

    def _copied(self, content: memoryview) -> VideoFrame:
        form = self._form
        if self._raw is None:
            self._raw = VideoFrame(form.width, form.height, form.layout)
        begin, has_halves = 0, form.layout in {"nv12", "yuv420p"}
        for index, share in enumerate(_ROW_SHARES[form.layout]):
            rows = form.height // 2 if has_halves and index else form.height
            pitch = round(form.pitch * (share if has_halves else 1))
            plane = np.frombuffer(content, np.uint8, pitch * rows, begin)
            used = min(pitch, round(form.width * share))
            rows_of(self._raw, index)[:rows, :used] = plane.reshape(rows, pitch)[
                :, :used
            ]
            begin += pitch * rows
        return self._raw


def _largest_of_shape(frame: VideoFrame, width: int, height: int) -> Steps:
    """Return how to cut a frame to a shape, nothing where it has it."""
    scale = min(frame.width / width, frame.height / height)
    across, down = round(width * scale) & ~1, round(height * scale) & ~1
    if frame.width - across <= 1 and frame.height - down <= 1:
        return ()
    return (("crop", f"{max(2, across)}:{max(2, down)}"),)


def _filtered(chain: FilterChain, frame: VideoFrame, steps: Steps) -> I420:
    try:
        made = chain.filtered(frame, steps)
    except AV_ERRORS as exc:
        raise MediaError(f"a picture of the camera: {cause_of(exc)}") from exc
    return i420_from(made)


def _jpeg_decoder() -> VideoCodecContext:
    """
    Return a decoder that says so when a picture is damaged.

    FFmpeg's own choice is to make up what is missing and to say nothing.
    """
    context = av.CodecContext.create("mjpeg", "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1
    context.options = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}
    return context
