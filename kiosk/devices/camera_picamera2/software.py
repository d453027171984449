"""H.264 of a camera's pictures by the processor: Raspberry Pi 5, and other machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.devices.camera_picamera2.pictures import picture_of
from kiosk.devices.camera_picamera2.vendor import Request
from kiosk.ports import AccessUnit, DmabufFrame, Micros, SoftFrame


class SoftwareCoder:
    """
    Encodes the ``main`` stream on the camera's own thread.

    Args:
        encoder: Fresh, for the size of the stream.
        stream: As the camera was configured.
        wishes: Of everybody else.
        picture_rate: That the camera delivers at most.
        on_unit: Gets every coded picture.
        on_preview: Gets small pictures, where the camera makes none itself.

    """

    def __init__(
        self,
        *,
        encoder: H264Encoder,
        stream: Mapping[str, Any],
        wishes: EncoderWishes,
        picture_rate: float,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None,
    ) -> None:
        self._stream = stream
        self._live = LiveEncoder(encoder, wishes, picture_rate, on_unit, on_preview)

    def offer(self, request: Request, at: Micros) -> None:
        """
        Encode a picture, unless it is too many.

        Raises:
            MediaError: The encoder failed.
            DeviceError: The camera delivered less than a picture.

        """

        def draw(_: Micros) -> I420:
            return picture_of(request, self._stream, "main")

        self._live.offer(draw, at)

    def deliver(self) -> None:
        """Nothing waits: what was encoded has been handed over."""

    def close(self) -> None:
        """Nothing to give back."""
