"""
One opened camera: its pictures are coded, shown and watched.

Everything runs on the thread that opened it, the loop that picamera2 leaves to its
users too: no thread of picamera2 is needed but that of libcamera's events.
"""

from __future__ import annotations

import logging
import os
import selectors
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Protocol

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import soft_frame
from kiosk.codec.live_encoder import PREVIEW_RATE, EncoderWishes
from kiosk.codec.pacing import RateLimit
from kiosk.codec.shutter import Shutter
from kiosk.devices.camera_picamera2.choice import CURE_SILENT, reason_of
from kiosk.devices.camera_picamera2.hardware import HardwareCoder
from kiosk.devices.camera_picamera2.pictures import (
    INTERLEAVED,
    PLANAR,
    lent_frame,
    picture_of,
)
from kiosk.devices.camera_picamera2.sensor_time import Now, SensorClock
from kiosk.devices.camera_picamera2.settings import CameraSettings
from kiosk.devices.camera_picamera2.software import SoftwareCoder
from kiosk.devices.camera_picamera2.vendor import Request, Vendor, is_board_camera
from kiosk.errors import DeviceError, DeviceStalled, MediaError
from kiosk.ports import AccessUnit, Clock, DmabufFrame, Micros, SoftFrame


BUFFERS: Final = 6
FIRST_PICTURE_S: Final = 3.0
"""A sensor starts, and the first pictures are thrown away as too dark."""

STALLED_S: Final = 1.5
"""Without a picture; it is opened anew before a call counts it as lost."""

_SLICE_S: Final = 0.2
_UNPACED_LOOKS: Final = 3  # a picture period, of cameras that keep to no rate


log = logging.getLogger(__name__)


class Coder(Protocol):
    """Makes H.264 of a camera's pictures."""

    def offer(self, request: Request, at: Micros) -> None:
        """Encode a picture, unless it is too many."""
        ...

    def deliver(self) -> None:
        """Hand on what was encoded."""
        ...

    def close(self) -> None:
        """Stop encoding."""
        ...


@dataclass(frozen=True, slots=True)
class Listeners:
    """
    Who wants what of the pictures.

    Attributes:
        on_unit: Gets every coded picture.
        on_preview: Gets small uncoded ones.
        wishes: Of everybody else.
        shutter: Takes the stills.

    """

    on_unit: Callable[[AccessUnit], None]
    on_preview: Callable[[SoftFrame | DmabufFrame], None] | None
    wishes: EncoderWishes
    shutter: Shutter


class Session:
    """
    An opened camera that takes pictures.

    Args:
        vendor: picamera2.
        number: Which of its cameras.
        known: What it says of that camera.
        settings: What is asked of it.
        listeners: To whom the pictures go.
        clock: The kiosk's.

    Raises:
        DeviceError: The camera is absent or busy.

    """

    def __init__(
        self,
        vendor: Vendor,
        *,
        number: int,
        known: Mapping[str, Any],
        settings: CameraSettings,
        listeners: Listeners,
        clock: Clock,
    ) -> None:
        self.name = str(known["Model"])
        self._vendor = vendor
        self._settings = settings
        self._listeners = listeners
        self._clock = clock
        self._is_paced = is_board_camera(known)
        self._stamps = SensorClock()
        self._preview_limit = RateLimit(PREVIEW_RATE)
        self._still_after: Micros | None = None
        self._selector = selectors.DefaultSelector()
        with ExitStack() as undo:
            undo.callback(self._selector.close)
            try:
                self._camera = vendor.open_camera(number)
                undo.callback(vendor.close_camera, self._camera)
                self._configure()
                self._ready = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
                undo.callback(os.close, self._ready)
                self._coder = self._new_coder()
                undo.callback(self._coder.close)
                self._camera.post_callback = self._take
                self._camera.start(show_preview=None)
            except (MediaError, RuntimeError, OSError, ValueError) as error:
                raise DeviceError("camera", self.name, reason_of(error)) from error
            undo.callback(self._camera.stop)
            self._selector.register(self._camera.notifyme_r, selectors.EVENT_READ)
            self._selector.register(self._ready, selectors.EVENT_READ)
            self._seen_at = clock.now()
            self._closing = undo.pop_all()

    @property
    def is_silent(self) -> bool:
        """Whether no picture has come for too long."""
        return self._age_s > STALLED_S

    @property
    def _age_s(self) -> float:
        """How long ago the last picture came, or the camera was started."""
        return (self._clock.now() - self._seen_at) / 1_000_000

    def wait_for_picture(self, closing: threading.Event) -> None:
        """
        Serve until the first picture.

        Raises:
            DeviceError: None comes, or what :meth:`serve` raises.
            MediaError: As of :meth:`serve`.
            OSError: As of :meth:`serve`.

        """
        since = self._seen_at
        while self._seen_at == since and not closing.is_set():
            self._turn(closing)
            if self._clock.now() - since > FIRST_PICTURE_S * 1_000_000:
                reason = f"no picture within {FIRST_PICTURE_S:g} s; {CURE_SILENT}"
                raise DeviceError("camera", self.name, reason)

    def serve(self, closing: threading.Event) -> None:
        """
        Look after the pictures until told to close.

        Raises:
            DeviceStalled: None comes any more.
            DeviceError: The camera or its encoder failed.
            MediaError: The processor's encoder failed.
            OSError: The firmware's encoder failed.

        """
        while not closing.is_set():
            self._turn(closing)
            if self.is_silent:
                raise DeviceStalled("camera", self.name, self._age_s)

    def close(self) -> None:
        """
        Give everything back; pictures that were lent stay readable until released.

        Raises:
            RuntimeError: libcamera cannot close the camera.

        """
        self._closing.close()

    def _configure(self) -> None:
        camera, settings = self._camera, self._settings
        controls: dict[str, Any] = {}
        if "FrameDurationLimits" in camera.camera_controls:
            period_us = round(1_000_000 / settings.picture_rate)
            controls["FrameDurationLimits"] = (period_us, period_us)
        small = {"format": PLANAR, "size": settings.preview_size}
        asked = camera.create_video_configuration(
            main={
                "format": PLANAR if self._is_paced else INTERLEAVED,
                "size": settings.size,
            },
            lores=small if self._is_paced else None,
            colour_space=self._vendor.colour_space,
            buffer_count=BUFFERS,
            queue=False,  # a picture that nobody waits for goes back at once
            controls=controls,
            display=None,
            encode="main",
        )
        camera.configure(asked)
        self._main = dict(camera.stream_configuration("main"))
        self._lores = (
            dict(camera.stream_configuration("lores")) if self._is_paced else None
        )
        width, height = self._main["size"]
        if (width, height) != settings.size:
            reason = f"gives {width}x{height}, not {settings.width}x{settings.height}"
            raise DeviceError("camera", self.name, f"{reason}; take another preset")

    def _new_coder(self) -> Coder:
        settings, listeners = self._settings, self._listeners
        if self._vendor.encoder is not None and self._is_paced:
            try:
                return HardwareCoder(
                    vendor=self._vendor,
                    stream=self._main,
                    settings=settings,
                    wishes=listeners.wishes,
                    stamps=self._stamps,
                    on_unit=listeners.on_unit,
                    wake=lambda: os.eventfd_write(self._ready, 1),
                )
            except DeviceError as error:  # the picture is worth more than the processor
                told = {"code": error.code, "reason": str(error)}
                log.warning("the processor encodes instead", extra=told)
        encoder = H264Encoder(
            width=settings.width,
            height=settings.height,
            picture_rate=settings.picture_rate,
            bitrate=settings.bitrate,
            ceiling=settings.ceiling,
            gop_s=settings.gop_s,
        )
        return SoftwareCoder(
            encoder=encoder,
            stream=self._main,
            wishes=listeners.wishes,
            picture_rate=settings.picture_rate,
            on_unit=listeners.on_unit,
            on_preview=listeners.on_preview if self._lores is None else None,
        )

    def _turn(self, closing: threading.Event) -> None:
        for key, _ in self._selector.select(_SLICE_S):
            self._drain(key.fd)
        self._coder.deliver()
        if not self._is_paced:
            closing.wait(1 / (_UNPACED_LOOKS * self._settings.picture_rate))

    def _drain(self, fd: int) -> None:
        if fd == self._ready:
            os.eventfd_read(fd)
            return
        self._camera.notifymeread.read()
        self._camera.process_requests(None)

    def _take(self, request: Request) -> None:
        """Use one picture; picamera2 calls it for each, within its loop."""
        metadata = request.get_metadata()
        now = Now(
            self._clock.now(), time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
        )
        stamp = metadata.get("SensorTimestamp")
        at = self._stamps.taken_at(
            now.monotonic if stamp is None else int(stamp / 1000),  # as the encoder
            metadata.get("ExposureTime", 0),
            now,
        )
        self._seen_at = self._clock.now()
        self._take_still(request, at)
        self._coder.offer(request, at)
        self._show(request, at)

    def _show(self, request: Request, at: Micros) -> None:
        show, stream = self._listeners.on_preview, self._lores
        if show is None or stream is None or not self._preview_limit.allows(at):
            return
        show(lent_frame(request, stream, "lores", at))

    def _take_still(self, request: Request, at: Micros) -> None:
        shutter = self._listeners.shutter
        if not shutter.is_wanted:
            self._still_after = None
            return
        if self._still_after is None:
            self._still_after = self._clock.now()
        if at >= self._still_after:  # exposed after it was asked for
            picture = picture_of(request, self._main, "main")
            shutter.take(lambda: soft_frame(picture, at))
