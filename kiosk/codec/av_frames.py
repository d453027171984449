"""FFmpeg's uncoded pictures as port values, without a copy where possible."""

from __future__ import annotations

from av.video.frame import VideoFrame

from kiosk.ports import ColourMatrix, Micros, SoftFrame


BT709, JPEG_RANGE = 1, 2
"""FFmpeg's AVCOL_SPC_BT709 and AVCOL_RANGE_JPEG."""


def soft_frame_of(frame: VideoFrame, captured_at: Micros) -> SoftFrame:
    """
    Return ``frame`` as a port's value; other layouts than I420 are converted.

    An odd last row or column is left out: ports speak of even sizes only.
    """
    full_range = frame.format.name == "yuvj420p" or frame.color_range == JPEG_RANGE
    if frame.format.name not in {"yuv420p", "yuvj420p"}:
        frame = frame.reformat(format="yuv420p")
    y, u, v = frame.planes[:3]
    # each view holds its plane, and the plane holds FFmpeg's buffers
    return SoftFrame(
        width=frame.width & ~1,
        height=frame.height & ~1,
        planes=(memoryview(y), memoryview(u), memoryview(v)),
        pitches=(y.line_size, u.line_size, v.line_size),
        captured_at=captured_at,
        matrix=ColourMatrix.BT709 if frame.colorspace == BT709 else ColourMatrix.BT601,
        full_range=full_range,
    )
