"""
What cameras without a sensor are alike in: a thread that encodes what it draws.

Whoever inherits says what there is to be opened, and draws; wishes, stills and the end
are the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.codec.presets import GOP_S
from kiosk.codec.shutter import Shutter
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Bitrate, Clock, SoftFrame


CLOSE_S: Final = 1.0


class SoftwareCamera:
    """
    The part of :class:`kiosk.ports.Camera` that needs no pictures.

    Args:
        clock: Stamps and paces the pictures.
        name: Of the camera, in errors.
        width, height: Of the coded picture in pixels, both even.
        picture_rate: Coded pictures per second at most.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.

    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        width: int = 640,
        height: int = 360,
        picture_rate: float = 30.0,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float = GOP_S,
    ) -> None:
        self._clock = clock
        self._name = name
        self._size = (width, height)
        self._picture_rate = picture_rate
        self._bitrate = bitrate
        self._ceiling = ceiling
        self._gop_s = gop_s
        self._wishes = EncoderWishes(bitrate, picture_rate)
        self._closing = threading.Event()
        self._shutter = Shutter(name)
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether pictures are being taken right now."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        return self._size

    def request_idr(self) -> None:
        """Make the next picture an IDR."""
        self._wishes.request_idr()

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate from the next picture on."""
        self._wishes.set_bitrate(bitrate)

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Encode at most so many pictures."""
        self._wishes.set_picture_rate(pictures_per_second)

    def take_still(self) -> SoftFrame:
        """
        Return one picture of now, as large as there is.

        Raises:
            DeviceStalled: If the camera delivers nothing.
            DeviceError: If it is not open.

        """
        return self._shutter.press()

    def close(self) -> None:
        """
        Stop; no callback runs afterwards.

        Raises:
            DeviceStalled: If a callback blocks the camera's thread.

        """
        self._closing.set()
        self._shutter.close()
        if self._thread is None:
            return
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            raise DeviceStalled("camera", self._name, CLOSE_S)
        self._thread = None

    def _refuse_twice(self) -> None:
        if self.is_open:
            raise DeviceError("camera", self._name, "busy: started already")

    def _run_in_thread(
        self, take: Callable[[LiveEncoder], None], live: LiveEncoder
    ) -> None:
        self._closing.clear()
        self._shutter.open()
        self._thread = threading.Thread(
            target=take, args=(live,), name="camera", daemon=True
        )
        self._thread.start()

    def _new_encoder(self, picture_rate: float) -> H264Encoder:
        width, height = self._size
        return H264Encoder(
            width=width,
            height=height,
            picture_rate=picture_rate,
            bitrate=self._bitrate,
            ceiling=self._ceiling,
            gop_s=self._gop_s,
        )
