"""
One still picture as a JPEG of a bounded size.

A JPEG is full range by definition and a camera's pictures are not: levels are
stretched here, or every document would look grey.  The finest quality that fits
the bound is taken; nothing is scaled.
"""

# PyAV's stubs leave the type of a packet's buffer open.
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.i420 import BLACK, GREY, I420, i420_of, planes_of
from kiosk.errors import MediaError
from kiosk.ports import SoftFrame


QUALITIES: Final = (3, 5, 8, 12, 18, 31)
"""FFmpeg's quantisers; from hardly told from the original to just recognised."""

_LUMA_STEPS, _CHROMA_STEPS = 219, 224  # of limited range
_LEVELS = np.arange(256)
_FULL_LUMA = np.clip((_LEVELS - BLACK) * 255 / _LUMA_STEPS, 0, 255)
_FULL_CHROMA = np.clip((_LEVELS - GREY) * 255 / _CHROMA_STEPS + GREY, 0, 255)


def encode_jpeg(frame: SoftFrame, max_bytes: int) -> bytes:
    """
    Return ``frame`` as a JPEG of its own size.

    Raises:
        MediaError: It cannot be made so small, or not at all.

    """
    picture = i420_of(frame)
    if not frame.full_range:
        _stretch(picture)
    whole = VideoFrame.from_ndarray(picture, format="yuvj420p")
    whole.pts = 0
    for quality in QUALITIES:
        jpeg = _encoded(whole, quality)
        if len(jpeg) <= max_bytes:
            return jpeg
    raise MediaError(
        f"a still of {frame.width}x{frame.height} does not fit {max_bytes} bytes"
    )


def _stretch(picture: I420) -> None:
    luma, *chroma = planes_of(picture)
    luma[:] = np.round(_FULL_LUMA).astype(np.uint8)[luma]
    for plane in chroma:
        plane[:] = np.round(_FULL_CHROMA).astype(np.uint8)[plane]


def _encoded(frame: VideoFrame, quality: int) -> bytes:
    try:
        context = opened_encoder(frame.width, frame.height, quality)
        packets = (*context.encode(frame), *context.encode(None))
    except AV_ERRORS as exc:
        raise MediaError(f"JPEG encoder: {cause_of(exc)}") from exc
    return b"".join(bytes(packet) for packet in packets)


def opened_encoder(
    width: int, height: int, quality: int, layout: str = "yuvj420p"
) -> VideoCodecContext:
    """Return an encoder of pictures of one size, with one of FFmpeg's quantisers."""
    context = av.CodecContext.create("mjpeg", "w")
    context.width, context.height = width, height
    context.pix_fmt = layout
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    context.options = {"qmin": str(quality), "qmax": str(quality)}
    return context
