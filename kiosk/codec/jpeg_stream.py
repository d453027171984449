"""
A moving picture as one JPEG after the other, cheap enough for thirty a second.

A JPEG says neither matrix nor range and is read as full-range BT.601
(JFIF 1.02), so FFmpeg's scaler brings every picture there.  One encoder serves all
pictures of a size; one quality for all, since each is looked at for a moment.
"""

# PyAV's stubs leave the type of a packet's buffer open.
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.i420 import plane_of
from kiosk.codec.jpeg import opened_encoder
from kiosk.errors import MediaError
from kiosk.ports import ColourMatrix, SoftFrame


QUALITY = 5
"""Of FFmpeg's quantisers: 30 to 60 kB a picture of 1280x720."""


class JpegStream:
    """Encodes pictures; one thread at a time."""

    def __init__(self, quality: int = QUALITY) -> None:
        self._quality = quality
        self._reformatter = VideoReformatter()
        self._encoder: VideoCodecContext | None = None

    def encode(self, frame: SoftFrame) -> bytes:
        """
        Return ``frame`` as a JPEG of its own size.

        Raises:
            MediaError: It cannot be encoded.

        """
        try:
            picture = self._full_range_601(frame)
            packets = self._encoder_for(picture).encode(picture)
        except AV_ERRORS as exc:
            raise MediaError(f"JPEG encoder: {cause_of(exc)}") from exc
        return b"".join(bytes(packet) for packet in packets)

    def _full_range_601(self, frame: SoftFrame) -> VideoFrame:
        is_709 = frame.matrix is ColourMatrix.BT709
        picture = self._reformatter.reformat(
            video_frame_of(frame),
            format="yuvj420p",
            src_colorspace=Colorspace.ITU709 if is_709 else Colorspace.ITU601,
            dst_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.JPEG if frame.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )
        picture.pts = None
        return picture

    def _encoder_for(self, picture: VideoFrame) -> VideoCodecContext:
        size = picture.width, picture.height
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != size:
            encoder = self._encoder = opened_encoder(*size, self._quality)
        return encoder


def video_frame_of(frame: SoftFrame) -> VideoFrame:
    """Return ``frame`` as FFmpeg's (a copy), its planes as they are."""
    picture = VideoFrame(frame.width, frame.height, "yuv420p")
    for index, plane in enumerate(picture.planes):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        visible = plane_of(frame, index)
        height, width = visible.shape
        rows[:height, :width] = visible
    return picture
