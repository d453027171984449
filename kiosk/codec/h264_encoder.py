"""
H.264 by libx264, tuned for a live call: one picture in, one access unit out.

1. No B pictures, no look-ahead: nothing is held back.
2. Opened as CBR at the ceiling (bit rate = maxrate, with a VBV), because x264
   takes a new bit rate while encoding only then, and never above the maxrate
   of the opening; the start value is set after the first picture.
3. ``zerolatency`` makes x264 count pictures, not time.  When pictures are left
   out the bit rate asked of x264 is raised in proportion (``set_picture_rate``),
   and the GOP is measured here, in time.

Not thread-safe: one encoder belongs to one thread.
"""

# PyAV's stubs leave Packet's parameter open
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.plane import VideoPlane

from kiosk.codec.av_errors import AV_ERRORS, cause_of
from kiosk.codec.i420 import I420, Plane, plane_of, planes_of
from kiosk.errors import MediaError
from kiosk.ports import AccessUnit, Bitrate, Micros, SoftFrame


MICROSECOND = Fraction(1, 1_000_000)

LEAST_BITRATE = Bitrate(30_000)
"""Below this x264 cannot hold its VBV at any picture size of ours."""

MIN_SIDE = 16

VBV_MIN_BITS, VBV_MAX_BITS = 150_000, 250_000
"""Measured: smaller starves the IDR, larger answers a new bit rate too late."""


class H264Encoder:
    """
    A libx264 encoder in constrained baseline.

    Args:
        width, height: Picture size in pixels, both even.
        picture_rate: Pictures per second that will be offered at most.
        bitrate: What to aim at first.
        ceiling: What ``set_bitrate`` can never exceed.
        gop_s: Longest time from one IDR to the next, in seconds.

    Raises:
        MediaError: If libx264 cannot be opened like that.

    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        picture_rate: float,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float,
    ) -> None:
        self.width, self.height = width, height
        self._full_rate = picture_rate
        self._rate = picture_rate
        self._ceiling = max(ceiling, bitrate)
        self._bitrate = bitrate
        self._gop_us = round(gop_s * 1_000_000)
        self._idr_at: int | None = None
        self._last_pts = 0
        self._context = self._opened(gop_s)
        # One for all pictures: a fresh one each would be mapped, and its pages
        # faulted in, thirty times a second.  libx264 copies what it is given.
        self._frame = VideoFrame(width, height, "yuv420p")
        self._planes = [_pixels_of(plane) for plane in self._frame.planes]

    @property
    def bitrate(self) -> Bitrate:
        """What the encoder aims at now, in bits per second."""
        return self._bitrate

    def encode(
        self, picture: I420 | SoftFrame, captured_at: Micros, *, idr: bool = False
    ) -> tuple[AccessUnit, ...]:
        """
        Encode one picture.

        Args:
            picture: An I420 array or a frame, of the size of the encoder.
            captured_at: Later than that of the picture before.
            idr: Whether this picture must be an IDR.

        Raises:
            MediaError: If the picture does not fit, or libx264 failed.

        """
        frame = self._frame_of(picture, captured_at)
        first = self._idr_at is None
        forced = idr or self._gop_is_over(captured_at)
        frame.pict_type = PictureType.I if forced else PictureType.NONE
        try:
            packets = self._context.encode(frame)
        except AV_ERRORS as exc:
            raise MediaError(f"H.264 encoder: {cause_of(exc)}") from exc
        if first:
            self._apply_bitrate()
        units = tuple(
            AccessUnit(bytes(packet), captured_at, is_idr=packet.is_keyframe)
            for packet in packets
        )
        if any(unit.is_idr for unit in units):
            self._idr_at = captured_at
        return units

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at ``bitrate`` from the next picture on; clamped to the ceiling."""
        self._bitrate = Bitrate(max(LEAST_BITRATE, min(bitrate, self._ceiling)))
        if self._idr_at is not None:
            self._apply_bitrate()

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Keep to the bit rate although only so many pictures will be offered."""
        self._rate = min(max(pictures_per_second, 1.0), self._full_rate)
        if self._idr_at is not None:
            self._apply_bitrate()

    def _apply_bitrate(self) -> None:
        wanted = round(self._bitrate * self._full_rate / self._rate)
        self._context.bit_rate = min(wanted, self._ceiling)

    def _gop_is_over(self, captured_at: Micros) -> bool:
        # half a period of tolerance, or jitter doubles every other GOP's length
        slack = 500_000 / self._rate
        return (
            self._idr_at is None or captured_at - self._idr_at >= self._gop_us - slack
        )

    def _frame_of(self, picture: I420 | SoftFrame, captured_at: Micros) -> VideoFrame:
        if isinstance(picture, SoftFrame):
            size = picture.width, picture.height
        else:
            size = picture.shape[1], picture.shape[0] * 2 // 3
        if size != (self.width, self.height):
            raise MediaError(
                f"H.264 encoder: picture of {size[0]}x{size[1]},"
                f" opened for {self.width}x{self.height}"
            )
        if isinstance(picture, SoftFrame):
            planes = plane_of(picture, 0), plane_of(picture, 1), plane_of(picture, 2)
        else:
            planes = planes_of(picture)
        for place, plane in zip(self._planes, planes, strict=True):
            place[:] = plane
        frame = self._frame
        # libx264 wants strictly rising times; two captures may share a microsecond
        self._last_pts = max(captured_at, self._last_pts + 1)
        frame.pts = self._last_pts
        frame.time_base = MICROSECOND
        return frame

    def _opened(self, gop_s: float) -> VideoCodecContext:
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < MIN_SIDE:
            raise MediaError(
                f"H.264 encoder: picture size {self.width}x{self.height};"
                f" both sides must be even and at least {MIN_SIDE}"
            )
        vbv = max(VBV_MIN_BITS, min(self._ceiling // 4, VBV_MAX_BITS))
        try:
            context = av.CodecContext.create("libx264", "w")
            assert isinstance(context, VideoCodecContext)
            context.width, context.height = self.width, self.height
            context.pix_fmt = "yuv420p"
            context.time_base = MICROSECOND
            context.framerate = Fraction(self._full_rate).limit_denominator(1001)
            context.gop_size = max(1, round(gop_s * self._full_rate))
            context.max_b_frames = 0
            context.bit_rate = self._ceiling
            context.thread_count = 1
            context.options = {
                "preset": "ultrafast",  # gives constrained baseline by itself:
                "tune": "zerolatency",  # naming the profile fails on av 14.2
                "maxrate": str(self._ceiling),
                "bufsize": str(vbv),
                "x264-params": "repeat-headers=1:colormatrix=smpte170m:fullrange=off",
            }
            context.open()
        except AV_ERRORS as exc:
            raise MediaError(f"H.264 encoder: {cause_of(exc)}") from exc
        return context


def _pixels_of(plane: VideoPlane) -> Plane:
    """Return the visible part of a plane, to be written to."""
    rows: Plane = np.asarray(memoryview(plane), np.uint8)
    return rows.reshape(-1, plane.line_size)[: plane.height, : plane.width]
