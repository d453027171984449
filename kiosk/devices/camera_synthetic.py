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

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.codec.i420 import I420, soft_frame
from kiosk.codec.live_encoder import EncoderWishes, LiveEncoder
from kiosk.codec.pacing import PictureClock
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.presets import GOP_S
from kiosk.codec.scene import Scene, enlarged
from kiosk.codec.shutter import Shutter
from kiosk.errors import DeviceError, DeviceStalled, MediaError
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
CLOSE_S = 1.0

log = logging.getLogger(__name__)


class SyntheticCamera:
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
        self._clock = clock
        self._size = (width, height)
        self._picture_rate = picture_rate
        self._bitrate = bitrate
        self._ceiling = ceiling
        self._gop_s = gop_s
        self._person = person
        self._absent = absent
        self._wishes = EncoderWishes(bitrate, picture_rate)
        self._closing = threading.Event()
        self._stalled = threading.Event()
        self._shutter = Shutter(PATH)
        self._thread: threading.Thread | None = None

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
        if self.is_open:
            raise DeviceError("camera", PATH, "busy: started already")
        live = LiveEncoder(
            self._new_encoder(), self._wishes, self._picture_rate, on_unit, on_preview
        )
        self._closing.clear()
        self._shutter.open()
        self._thread = threading.Thread(
            target=self._run, args=(live,), name="camera", daemon=True
        )
        self._thread.start()

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
        Draw one picture of :data:`SENSOR`, with the clock in it.

        Raises:
            DeviceStalled: If the camera delivers nothing.
            DeviceError: If it is not open.

        """
        return self._shutter.press()

    def stall(self, *, stalled: bool = True) -> None:
        """Deliver nothing although open, like a sensor that hangs; or go on."""
        if stalled:
            self._stalled.set()
        else:
            self._stalled.clear()

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
            raise DeviceStalled("camera", PATH, CLOSE_S)
        self._thread = None

    def _new_encoder(self) -> H264Encoder:
        width, height = self._size
        try:
            return H264Encoder(
                width=width,
                height=height,
                picture_rate=self._picture_rate,
                bitrate=self._bitrate,
                ceiling=self._ceiling,
                gop_s=self._gop_s,
            )
        except MediaError as exc:
            raise DeviceError("camera", PATH, str(exc)) from exc

    def _run(self, live: LiveEncoder) -> None:
        scene = Scene(*self._size, self._person)
        pace = PictureClock(self._clock.now(), self._picture_rate)
        number = 0

        def draw(at: Micros) -> I420:
            picture = scene.draw(number)
            paint_i420(picture, at)
            return picture

        while not self._closing.wait(pace.wait_s(self._clock.now())):
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
