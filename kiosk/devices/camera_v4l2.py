"""
USB webcams, and whatever else is a camera to Video4Linux.

Pictures come as JPEG or raw and are encoded by libx264; or coded by the camera itself
(H.264) where its encoder can be asked for IDRs and bit rates.

1. The camera is meant by a name that stays (:mod:`kiosk.v4l2.discovery`), is opened in
   the mode that suits the call best (:mod:`kiosk.v4l2.modes`), and keeps to it.
2. One that is unplugged or falls silent is opened again until it delivers, and the call
   goes on (:mod:`kiosk.v4l2.running`).  Meanwhile ``is_open`` is False.
3. Only the camera's thread touches the device.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import Final

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.codec.presets import GOP_S
from kiosk.codec.shutter import Shutter
from kiosk.errors import DeviceError, DeviceStalled, MediaError
from kiosk.ports import (
    Bitrate,
    Clock,
    Probe,
    SoftFrame,
)
from kiosk.v4l2.modes import Wanted
from kiosk.v4l2.node import DEVICE, Machine, ThisMachine
from kiosk.v4l2.opening import OpenCamera, look_at, open_camera
from kiosk.v4l2.passages import (
    CodedPassage,
    EncodedPassage,
    OnPreview,
    OnUnit,
    Passage,
)
from kiosk.v4l2.running import RunningCamera
from kiosk.v4l2.uapi_numbers import Pixel


CLOSE_S: Final = 1.8
"""Below the two seconds that a call waits: a driver that opens, slowly, must end first."""
FIRST_PICTURE_S: Final = 4.0
"""A webcam takes one or two from sleep; the call waits five."""


class V4l2Camera:
    """
    Implements :class:`kiosk.ports.Camera` on a V4L2 capture device.

    Args:
        clock: CLOCK_MONOTONIC.
        name: Stable name of the camera; empty where there is only one.
        width, height: Of the coded picture in pixels, both even.
        picture_rate: Pictures per second at most.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.
        machine: Whose devices; this machine's by default.

    """

    def __init__(
        self,
        clock: Clock,
        name: str = "",
        *,
        width: int = 640,
        height: int = 360,
        picture_rate: float = 30.0,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float = GOP_S,
        machine: Machine | None = None,
    ) -> None:
        self._clock = clock
        self._name = name
        self._path = name or "v4l2"
        self._wanted = Wanted(width, height, picture_rate)
        self._bitrate = bitrate
        self._ceiling = ceiling
        self._gop_s = gop_s
        self._machine = machine or ThisMachine()
        self._wishes = EncoderWishes(bitrate, picture_rate)
        self._shutter = Shutter(self._path)
        self._wake = -1
        self._running: RunningCamera | None = None
        self._thread: threading.Thread | None = None

    def probe(self) -> Probe:
        """Say which camera would be opened, and how."""
        try:
            found = look_at(self._machine, self._name, self._wanted, os.getpid())
        except DeviceError as error:
            wrong, _, cure = str(error).partition("; ")
            return Probe("no camera", wrong, cure)
        return Probe(found)

    def start(self, on_unit: OnUnit, on_preview: OnPreview | None = None) -> None:
        """
        Begin to deliver access units; waits for the first picture.

        Raises:
            DeviceError: If it is absent, busy, not allowed, or delivers nothing.

        """
        if self._thread is not None and self._thread.is_alive():
            raise DeviceError(DEVICE, self._path, "busy: started already")
        self.close()  # what a thread left that ended by itself
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            running = self._new_running(on_unit, on_preview)
        except BaseException:
            self._close_wake()
            raise
        self._running = running
        self._shutter.open()
        self._thread = threading.Thread(target=running.run, name="camera", daemon=True)
        self._thread.start()
        if not running.came.wait(FIRST_PICTURE_S):
            self.close()
            raise DeviceError(
                DEVICE,
                self._path,
                f"opens, but delivers nothing ({running.trouble or 'no picture'});"
                " plug it in again, try another USB port or cable",
            )

    @property
    def is_open(self) -> bool:
        """Whether the camera is streaming right now."""
        is_running = self._thread is not None and self._thread.is_alive()
        return is_running and self._running is not None and self._running.is_streaming

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        return self._wanted.width, self._wanted.height

    def request_idr(self) -> None:
        """Make the next picture an IDR."""
        self._wishes.request_idr()

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate from the next picture on."""
        self._wishes.set_bitrate(bitrate)

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """
        Encode at most so many pictures.

        A camera that codes by itself keeps its own rate down to
        :data:`kiosk.codec.coded_camera.ONLY_IDRS`: its pictures build on each other.
        """
        self._wishes.set_picture_rate(pictures_per_second)

    def take_still(self) -> SoftFrame:
        """
        Return the next picture, whole and in the size that is captured.

        A larger one would take another mode, and that no call survives for certain.

        Raises:
            DeviceStalled: If the camera delivers nothing.
            DeviceError: If it is not open.

        """
        return self._shutter.press()

    def close(self) -> None:
        """
        Stop; no callback runs afterwards.

        Raises:
            DeviceStalled: If a callback or the driver blocks the camera's thread.

        """
        self._shutter.close()
        thread, running = self._thread, self._running
        if thread is None or running is None:
            return
        running.closing.set()
        os.eventfd_write(self._wake, 1)
        thread.join(CLOSE_S)
        if thread.is_alive():
            raise DeviceStalled(DEVICE, self._path, CLOSE_S)
        self._thread = None
        self._close_wake()

    def _close_wake(self) -> None:
        os.close(self._wake)
        self._wake = -1

    def _new_running(
        self, on_unit: OnUnit, on_preview: OnPreview | None
    ) -> RunningCamera:
        opened = self._opened()
        coded = opened.granted.mode.pixel is Pixel.H264
        again = partial(self._opened, coded=coded)
        try:
            passage = self._passage(opened, on_unit, on_preview)
        except MediaError as exc:
            opened.close()
            raise DeviceError(DEVICE, self._path, str(exc)) from exc
        except BaseException:
            opened.close()
            raise
        return RunningCamera(opened, passage, again, self._clock, self._shutter)

    def _opened(self, *, coded: bool | None = None) -> OpenCamera:
        return open_camera(
            self._machine,
            self._name,
            self._wanted,
            self._clock,
            self._wake,
            coded=coded,
        )

    def _passage(
        self, opened: OpenCamera, on_unit: OnUnit, on_preview: OnPreview | None
    ) -> Passage:
        rate = min(self._wanted.rate, opened.granted.mode.rate or self._wanted.rate)
        if opened.granted.mode.pixel is Pixel.H264:
            return CodedPassage(opened, self._wishes, rate, on_unit, on_preview)
        encoder = H264Encoder(
            width=self._wanted.width,
            height=self._wanted.height,
            picture_rate=rate,
            bitrate=self._bitrate,
            ceiling=self._ceiling,
            gop_s=self._gop_s,
        )
        live = LiveEncoder(encoder, self._wishes, rate, on_unit, on_preview)
        return EncodedPassage(opened, live, self.picture_size)
