"""
What becomes of a camera's buffers: encoded by libx264, or passed on as they were coded.

Belongs to the camera's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from kiosk.codec.captured_pictures import JPEG, CapturedForm, CapturedPictures
from kiosk.codec.coded_camera import CodedCamera
from kiosk.codec.i420 import I420
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.errors import MediaError
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    ColourMatrix,
    DmabufFrame,
    Micros,
    SoftFrame,
)
from kiosk.v4l2.controls import set_control
from kiosk.v4l2.opening import OpenCamera, can_be_steered
from kiosk.v4l2.stream import Captured, Granted
from kiosk.v4l2.uapi_numbers import (
    QUANTIZATION_DEFAULT,
    QUANTIZATION_FULL_RANGE,
    YCBCR_ENC_709,
    YCBCR_ENC_DEFAULT,
    Cid,
    Colorspace,
    Pixel,
)


_LAYOUTS: Final = {
    Pixel.NV12: "nv12",
    Pixel.YUV420: "yuv420p",
    Pixel.YUYV: "yuyv422",
    Pixel.UYVY: "uyvy422",
    Pixel.MJPEG: JPEG,
    Pixel.JPEG: JPEG,
}

log = logging.getLogger(__name__)

OnUnit = Callable[[AccessUnit], None]
OnPreview = Callable[[SoftFrame | DmabufFrame], None]


class DamagedPicture(Exception):
    """One picture is; the next may not be."""


class Passage(Protocol):
    """What is done with what a camera delivers."""

    def follow(self, opened: OpenCamera) -> None:
        """Take pictures of a camera that was opened, first or anew."""
        ...

    def offer(self, captured: Captured) -> bool:
        """Pass a picture on; returns whether there was one."""
        ...

    def still(self, captured: Captured) -> SoftFrame | None:
        """Return a picture in the camera's own size, None if there is none yet."""
        ...


class EncodedPassage:
    """Pictures that libx264 encodes."""

    def __init__(
        self, opened: OpenCamera, live: LiveEncoder, size: tuple[int, int]
    ) -> None:
        self._live = live
        self._size = size
        self._pictures = CapturedPictures(form_of(opened.granted), *size)

    def follow(self, opened: OpenCamera) -> None:
        """Take pictures of a camera that was opened anew."""
        self._pictures = CapturedPictures(form_of(opened.granted), *self._size)

    def offer(self, captured: Captured) -> bool:
        """Pass a picture on."""

        def draw(_: Micros) -> I420:
            try:
                return self._pictures.picture(captured.content)
            except MediaError as error:
                raise DamagedPicture(str(error)) from error

        self._live.offer(draw, captured.captured_at)
        return True

    def still(self, captured: Captured) -> SoftFrame | None:
        """Return a picture in the camera's own size."""
        with suppress(MediaError):  # the next may be whole
            return self._pictures.whole(captured.content, captured.captured_at)
        return None


class CodedPassage:
    """Pictures that the camera encodes; it has the knobs of its encoder."""

    def __init__(
        self,
        opened: OpenCamera,
        wishes: EncoderWishes,
        rate: float,
        on_unit: OnUnit,
        on_preview: OnPreview | None,
    ) -> None:
        self._node = opened.node
        self._coded = CodedCamera(self, wishes, rate, on_unit, on_preview)
        if not can_be_steered(opened.node):
            log.warning(
                "camera %s codes H.264 by itself and cannot be asked for IDRs or bit"
                " rates: pictures may come late, and a slow network is not relieved",
                opened.camera.card,
            )

    def follow(self, opened: OpenCamera) -> None:
        """Take pictures of a camera that was opened anew."""
        self._node = opened.node
        self._coded.restart()

    def offer(self, captured: Captured) -> bool:
        """Pass a picture on."""
        content = captured.content.tobytes()
        return self._coded.offer(content, captured.captured_at) > 0

    def still(self, captured: Captured) -> SoftFrame | None:
        """Return a picture in the camera's own size."""
        newest = self._coded.newest
        if newest is None or newest.captured_at != captured.captured_at:
            return None
        return newest

    def force_idr(self) -> None:
        """Ask for an IDR."""
        self._turn(Cid.MPEG_VIDEO_FORCE_KEY_FRAME, 1)

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Ask for another bit rate."""
        self._turn(Cid.MPEG_VIDEO_BITRATE, bitrate)

    def _turn(self, knob: Cid, value: int) -> None:
        try:
            set_control(self._node, knob, value)
        except OSError as error:  # that it has none was said when it was opened
            log.debug("camera refused %s: %s", knob.name, error)


def form_of(granted: Granted) -> CapturedForm:
    """Return how the pictures lie that a driver agreed to give."""
    mode, space = granted.mode, granted.colorspace
    encoding, levels = granted.ycbcr_enc, granted.quantization
    # V4L2_MAP_YCBCR_ENC_DEFAULT and V4L2_MAP_QUANTIZATION_DEFAULT of videodev2.h
    of_709 = space in {Colorspace.REC709, Colorspace.DCI_P3}
    is_709 = of_709 if encoding == YCBCR_ENC_DEFAULT else encoding == YCBCR_ENC_709
    is_jpeg = space == Colorspace.JPEG
    full = levels == QUANTIZATION_FULL_RANGE
    return CapturedForm(
        _LAYOUTS[mode.pixel],
        mode.width,
        mode.height,
        granted.pitch,
        ColourMatrix.BT709 if is_709 else ColourMatrix.BT601,
        is_jpeg if levels == QUANTIZATION_DEFAULT else full,
    )
