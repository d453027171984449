"""
A Raspberry Pi with cameras, for tests and demonstrations: picamera2 without one.

:class:`FakeBoard` is what the adapter's constructor takes for picamera2
(``kiosk.devices.camera_picamera2.vendor.Vendor``).  What it does and how it fails is
picamera2 0.3.38's own behaviour, libcamera 0.4's and ``bcm2835-v4l2-codec.c``'s, read
from their sources.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kiosk.devices.testing.picamera2_camera import FakePicamera2
from kiosk.devices.testing.picamera2_encoder import FakeH264Encoder, FakeOutput
from kiosk.devices.testing.picamera2_faults import Faults


_GET, _SET = 0xC008561B, 0xC008561C
_BITRATE, _FORCE_KEY_FRAME = 0x009909CF, 0x009909E5
_LEAST, _MOST, _STEP = 25_000, 25_000_000, 25_000

IMX708: Final = {
    "Model": "imx708",
    "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a",
    "Location": 2,
    "Rotation": 180,
}
OV5647: Final = {**IMX708, "Model": "ov5647", "Id": "/base/soc/i2c0/ov5647@36"}


class FakeBoard:
    """
    Implements ``Vendor`` with cameras that draw.

    Args:
        cameras: That are connected, as picamera2 tells of them.
        has_encoder: Whether the firmware encodes, as up to the Raspberry Pi 4.
        is_old: Whether its picamera2 has no ``force_key_frame`` yet.

    Attributes:
        faults: What is wrong with it at the moment.
        opened: Cameras that were opened, in order.
        encoders: Encoders that were started, in order.

    """

    colour_space = "Smpte170m"

    def __init__(
        self,
        cameras: Sequence[Mapping[str, Any]] = (IMX708,),
        *,
        has_encoder: bool = True,
        is_old: bool = False,
    ) -> None:
        self._cameras = cameras
        self.faults = Faults()
        self.opened: list[FakePicamera2] = []
        self.encoders: list[FakeH264Encoder] = []
        self._encoder = self._encoder_class(is_old=is_old) if has_encoder else None

    @property
    def output(self) -> type[Any]:
        """The class of all outputs."""
        return FakeOutput

    @property
    def encoder(self) -> type[Any] | None:
        """The class of its encoder."""
        return self._encoder

    def load(self) -> FakeBoard:
        """Return it, as what loads picamera2 does."""
        return self

    def cameras(self) -> Sequence[Mapping[str, Any]]:
        """Return what is connected."""
        return () if self.faults.is_unplugged else self._cameras

    def open_camera(self, number: int) -> FakePicamera2:
        """
        Open a camera.

        Raises:
            RuntimeError: It is in use.

        """
        if self.faults.is_busy or any(camera.is_open for camera in self.opened):
            words = "Failed to acquire camera: Device or resource busy"
            cause = RuntimeError(words)
            raise RuntimeError("Camera __init__ sequence did not complete.") from cause
        camera = FakePicamera2(self._cameras[number], self.faults)
        self.opened[:] = [camera]
        return camera

    def close_camera(self, camera: FakePicamera2) -> None:
        """Close a camera."""
        camera.close()

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        """Get or set a control of the encoder that has this descriptor."""
        encoder = next((e for e in self.encoders if e.has(fd)), None)
        if encoder is None or request not in {_GET, _SET}:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        number, value = struct.unpack("<Ii", argument)
        if number == _FORCE_KEY_FRAME and request == _SET:
            encoder.force_next()
        elif number == _BITRATE and request == _SET:
            encoder.bitrate = self._rounded(value, encoder.bitrate)
        elif number != _BITRATE:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return struct.pack("<Ii", number, encoder.bitrate)

    def _rounded(self, value: int, before: int) -> int:
        if self.faults.keeps_bitrate:
            return before
        clamped = min(max(value + _STEP // 2, _LEAST), _MOST)
        return clamped // _STEP * _STEP

    def _encoder_class(self, *, is_old: bool) -> type[FakeH264Encoder]:
        board = self

        class BoardEncoder(FakeH264Encoder):
            faults = board.faults
            started_ones = board.encoders

        if is_old:
            return BoardEncoder

        class NewerEncoder(BoardEncoder):
            def force_key_frame(self) -> None:
                """Make the next picture an IDR."""
                self.force_next()

        return NewerEncoder
