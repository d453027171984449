"""
Pictures as webcams make them: raw or JPEG or H.264, with the painted clock in them.

The scene is that of the synthetic camera.  A webcam's JPEG is of full range and 4:2:2;
its H.264 comes with SPS and PPS before every IDR, or only before the first.
"""

# PyAV's stubs leave the type of a packet's buffer open.
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Final

import numpy as np
from av.video.frame import VideoFrame

from kiosk.codec.filter_chain import rows_of
from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import BLACK, GREY, I420, planes_of
from kiosk.codec.jpeg import opened_encoder
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.ports import Bitrate, Micros
from kiosk.v4l2.uapi_numbers import Pixel


JPEG_QUALITY: Final = 3
_RATE: Final = 30.0
_CEILING: Final = Bitrate(4_000_000)
_GOP_S: Final = 600.0  # cameras are asked for IDRs; left alone they make few

_LEVELS = np.arange(256)
_FULL_LUMA = np.clip(np.round((_LEVELS - BLACK) * 255 / 219), 0, 255).astype(np.uint8)
_FULL_CHROMA = np.clip(np.round((_LEVELS - GREY) * 255 / 224 + GREY), 0, 255).astype(
    np.uint8
)


class FakePictures:
    """
    Pictures of one format and size.

    Args:
        pixel: The format.
        width, height: Of the pictures, both even.
        padding: Bytes behind each row of raw pictures.

    """

    def __init__(self, pixel: Pixel, width: int, height: int, padding: int = 0) -> None:
        self.pixel = pixel
        self.size = (width, height)
        self._scene = Scene(width, height)
        self._number = 0
        has_pairs = pixel in {Pixel.YUYV, Pixel.UYVY}
        is_raw = pixel not in {Pixel.MJPEG, Pixel.JPEG, Pixel.H264}
        self.pitch = (width * (2 if has_pairs else 1) + padding) if is_raw else 0
        self._jpeg = opened_encoder(width, height, JPEG_QUALITY, "yuvj422p")
        self._frame = VideoFrame(width, height, "yuvj422p")
        self._h264: H264Encoder | None = None

    @property
    def most_bytes(self) -> int:
        """What a buffer must hold."""
        return 2 * max(self.pitch, self.size[0]) * self.size[1]

    def begin(self) -> None:
        """Begin a stream: the first coded picture is an IDR."""
        if self.pixel is Pixel.H264:
            self._h264 = H264Encoder(
                width=self.size[0],
                height=self.size[1],
                picture_rate=_RATE,
                bitrate=Bitrate(1_000_000),
                ceiling=_CEILING,
                gop_s=_GOP_S,
            )

    def taken(self, at: Micros, bitrate: int, *, idr: bool) -> bytes:
        """Return the next picture, taken at ``at``."""
        self._number += 1
        picture = self._scene.draw(self._number)
        paint_i420(picture, at)
        if self.pixel is Pixel.H264:
            assert self._h264 is not None
            self._h264.set_bitrate(Bitrate(bitrate))
            units = self._h264.encode(picture, at, idr=idr)
            return b"".join(unit.data for unit in units)
        if self.pixel in {Pixel.MJPEG, Pixel.JPEG}:
            return self._as_jpeg(picture)
        return self._as_raw(picture)

    def _as_jpeg(self, picture: I420) -> bytes:
        y, u, v = planes_of(picture)
        full = _FULL_LUMA[y], _FULL_CHROMA[u].repeat(2, 0), _FULL_CHROMA[v].repeat(2, 0)
        for index, plane in enumerate(full):
            rows, columns = plane.shape
            rows_of(self._frame, index)[:rows, :columns] = plane
        self._frame.pts = self._number
        return b"".join(bytes(packet) for packet in self._jpeg.encode(self._frame))

    def _as_raw(self, picture: I420) -> bytes:
        y, u, v = planes_of(picture)
        height, width = y.shape
        if self.pixel is Pixel.YUV420:
            half = self.pitch // 2
            parts = (_padded(y, self.pitch), _padded(u, half), _padded(v, half))
            return b"".join(part.tobytes() for part in parts)
        if self.pixel is Pixel.NV12:
            pairs = np.stack((u, v), axis=2).reshape(height // 2, width)
            whole = (_padded(y, self.pitch), _padded(pairs, self.pitch))
            return b"".join(part.tobytes() for part in whole)
        packed = np.empty((height, width * 2), np.uint8)
        luma = 0 if self.pixel is Pixel.YUYV else 1
        packed[:, luma::2] = y
        packed[:, 1 - luma :: 4] = u.repeat(2, 0)
        packed[:, 3 - luma :: 4] = v.repeat(2, 0)
        return _padded(packed, self.pitch).tobytes()


def _padded(plane: I420, pitch: int) -> I420:
    return np.pad(plane, ((0, 0), (0, pitch - plane.shape[1])), constant_values=0xEE)
