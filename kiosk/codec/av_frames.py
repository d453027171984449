"""FFmpeg's uncoded pictures as port values, without a copy where possible."""

from __future__ import annotations

from av.video.frame import VideoFrame

from kiosk.codec.filter_chain import FilterChain, i420_from, to_i420
from kiosk.codec.i420 import planes_of
from kiosk.ports import ColourMatrix, Micros, SoftFrame


BT709, JPEG_RANGE = 1, 2
"""FFmpeg's AVCOL_SPC_BT709 and AVCOL_RANGE_JPEG."""


class SoftFrames:
    """The way of one stream's pictures; one thread at a time."""

    def __init__(self) -> None:
        self._chain = FilterChain()

    def of(self, frame: VideoFrame, captured_at: Micros) -> SoftFrame:
        """
        Return ``frame`` as a port's value; other layouts than I420 are converted.

        An odd last row or column is left out: ports speak of even sizes only.
        """
        if frame.format.name in {"yuv420p", "yuvj420p"}:
            return soft_frame_of(frame, captured_at)
        width, height = frame.width & ~1, frame.height & ~1
        full_range, matrix = has_full_range(frame), matrix_of(frame)
        steps = (
            ("crop", f"{width}:{height}:0:0"),
            *to_i420(
                width,
                height,
                matrix=matrix,
                full_range=full_range,
                keeps_colours=True,
            ),
        )
        picture = i420_from(self._chain.filtered(frame, steps))
        y, u, v = planes_of(picture)
        return SoftFrame(
            width,
            height,
            (y.reshape(-1).data, u.reshape(-1).data, v.reshape(-1).data),
            (width, width // 2, width // 2),
            captured_at,
            matrix,
            full_range,
        )


def soft_frame_of(frame: VideoFrame, captured_at: Micros) -> SoftFrame:
    """Return a ``yuv420p`` or ``yuvj420p`` frame as a port's value, without a copy."""
    y, u, v = frame.planes[:3]
    # each view holds its plane, and the plane holds FFmpeg's buffers
    return SoftFrame(
        width=frame.width & ~1,
        height=frame.height & ~1,
        planes=(memoryview(y), memoryview(u), memoryview(v)),
        pitches=(y.line_size, u.line_size, v.line_size),
        captured_at=captured_at,
        matrix=matrix_of(frame),
        full_range=has_full_range(frame),
    )


def matrix_of(frame: VideoFrame) -> ColourMatrix:
    """Return how a frame's YUV becomes RGB; what does not say is BT.601."""
    return ColourMatrix.BT709 if frame.colorspace == BT709 else ColourMatrix.BT601


def has_full_range(frame: VideoFrame) -> bool:
    """Say whether a frame's luma runs from 0 to 255."""
    return frame.format.name.startswith("yuvj") or frame.color_range == JPEG_RANGE
