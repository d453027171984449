"""
A camera made of numbers: a moving picture with the painted clock in it.

Product code: it runs the demo, the simulator and the tests.  It keeps to the
promises of a real camera, and has the faults of one (absent, stalled) as
switches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.codec.i420 import I420, soft_frame
from kiosk.codec.live_encoder import LiveEncoder
from kiosk.codec.pacing import PictureClock
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.presets import GOP_S
from kiosk.codec.scene import Scene, enlarged
from kiosk.codec.short_wait import wait_shortly
from kiosk.codec.software_camera import SoftwareCamera
from kiosk.errors import DeviceError, MediaError
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Clock,
    DmabufFrame,
    Micros,
    Probe,
    SoftFrame,
)


PATH = "synthetic"
SENSOR = (3280, 2464)
"""Of a still, as camera modules of 8 megapixels have it."""
_STILL_STEP = 4  # a scene of the sensor's size would take half a gigabyte to draw

log = logging.getLogger(__name__)


class SyntheticCamera(SoftwareCamera):
    """
    Implements :class:`kiosk.ports.Camera` with a drawn scene.

    Args:
        clock: Stamps and paces the pictures.
        width, height: Of the picture in pixels, both even.
        picture_rate: Pictures per second.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.
        person: Who is in the picture (:class:`kiosk.codec.scene.Scene`).
        absent: Behave like a camera that is not plugged in.

    """

    def __init__(
        self,
        clock: Clock,
        *,
        width: int = 640,
        height: int = 360,
        picture_rate: float = 30.0,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float = GOP_S,
        person: int = 0,
        absent: bool = False,
    ) -> None:
        super().__init__(
            clock,
            PATH,
            width=width,
            height=height,
            picture_rate=picture_rate,
            bitrate=bitrate,
            ceiling=ceiling,
            gop_s=gop_s,
        )
        self._person = person
        self._absent = absent
        self._stalled = threading.Event()

    def probe(self) -> Probe:
        """Say what is there."""
        width, height = self._size
        found = f"synthetic {width}x{height}@{self._picture_rate:g}"
        if self._absent:
            return Probe("nothing", "no camera", "plug the camera in")
        return Probe(found)

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        """
        Begin to deliver access units.

        Raises:
            DeviceError: If it is open already, or absent.

        """
        if self._absent:
            raise DeviceError("camera", PATH, "absent; plug the camera in")
        self._refuse_twice()
        rate = self._picture_rate
        try:
            encoder = self._new_encoder(rate)
        except MediaError as exc:
            raise DeviceError("camera", PATH, str(exc)) from exc
        live = LiveEncoder(encoder, self._wishes, rate, on_unit, on_preview)
        self._run_in_thread(self._run, live)

    def stall(self, *, stalled: bool = True) -> None:
        """Deliver nothing although open, like a sensor that hangs; or go on."""
        if stalled:
            self._stalled.set()
        else:
            self._stalled.clear()

    def _run(self, live: LiveEncoder) -> None:
        scene = Scene(*self._size, self._person)
        pace = PictureClock(self._clock.now(), self._picture_rate)
        number = 0

        def draw(at: Micros) -> I420:
            picture = scene.draw(number)
            paint_i420(picture, at)
            return picture

        while not wait_shortly(self._closing, pace.wait_s(self._clock.now())):
            number += 1
            if self._stalled.is_set():
                continue
            self._shutter.take(self._still)
            try:
                live.offer(draw, self._clock.now())
            except MediaError as exc:
                log.error("camera stopped: %s", exc)  # noqa: TRY400 - one line is enough
                return

    def _still(self) -> SoftFrame:
        width, height = SENSOR
        small = Scene(width // _STILL_STEP, height // _STILL_STEP).draw(0)
        picture = enlarged(small, _STILL_STEP)
        at = self._clock.now()
        paint_i420(picture, at)
        return soft_frame(picture, at)
