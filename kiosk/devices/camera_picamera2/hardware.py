"""
H.264 by the firmware of a Raspberry Pi up to the 4, through picamera2's encoder.

1. picamera2 knows no bit rate while it encodes.  Controls of this driver belong to a
   file handle, so the encoder's *own* is told (a second one, as ``v4l2-ctl`` opens,
   has no effect: raspberrypi/firmware issue 1612), and asked what it took.  Where it
   does not follow, the encoder is started anew, at most once a second.
2. An IDR is forced with the next picture, by ``force_key_frame`` where this picamera2
   has it, else by the same control set here.
3. Coded pictures come on the encoder's thread, under its lock; they are put into a
   short queue and handed on by the camera's thread.  What does not fit any more costs
   everything up to the next IDR.
4. At low bit rates the firmware gives out parameter sets without a picture, which no
   player wants to see; they are kept for an IDR that comes without any.

The rate control counts pictures: left out before the encoder, they leave their bits
to the others only if the bit rate asked of it is raised in proportion.
"""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from kiosk.codec.live_encoder import EncoderWishes
from kiosk.codec.pacing import RateLimit
from kiosk.devices.camera_picamera2.sensor_time import SensorClock
from kiosk.devices.camera_picamera2.settings import CameraSettings
from kiosk.devices.camera_picamera2.vendor import (
    ENCODER_NODE,
    Request,
    Vendor,
    struct_control,
    value_of_control,
)
from kiosk.errors import DeviceError
from kiosk.ports import BRAKE_BELOW, AccessUnit, Bitrate, Micros
from kiosk.rtmp.avc import IDR, PPS, SPS, nal_type, split_annex_b, to_annex_b


GET_CONTROL: Final = 0xC008561B  # VIDIOC_G_CTRL
SET_CONTROL: Final = 0xC008561C  # VIDIOC_S_CTRL
BITRATE: Final = 0x009909CF  # V4L2_CID_MPEG_VIDEO_BITRATE
FORCE_KEY_FRAME: Final = 0x009909E5  # V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME

BITRATE_STEP: Final = 25_000
"""The driver takes multiples of it, and nothing below (``bcm2835-v4l2-codec.c``)."""

RESTART_US: Final = 1_000_000
MOST_WAITING: Final = 32
_SURELY_A_PICTURE: Final = 64  # bytes; an SPS and a PPS are smaller together
_PICTURES: Final = range(1, IDR + 1)

_CURES: Final = {
    errno.EBUSY: "busy: another program encodes; end it",
    errno.ENOENT: "not there; the kernel's module bcm2835-codec is not loaded",
    errno.EACCES: "not allowed; the user must be in the group video",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Coded:
    """
    What an encoder gave out.

    Attributes:
        data: Start codes and NAL units, perhaps without a picture.
        is_key: Whether it calls it a key frame.
        stamp: The sensor's, counted from the first picture, in microseconds.

    """

    data: bytes
    is_key: bool
    stamp: int


class HardwareCoder:
    """
    Encodes the ``main`` stream. Camera's thread.

    Args:
        vendor: Has an encoder.
        stream: As the camera was configured.
        settings: What was asked for.
        wishes: Of everybody else.
        stamps: Knows when the pictures offered were taken.
        on_unit: Gets every coded picture.
        wake: Has :meth:`deliver` called soon; from the encoder's thread.

    Raises:
        DeviceError: The encoder is absent or busy.

    """

    def __init__(
        self,
        *,
        vendor: Vendor,
        stream: Mapping[str, Any],
        settings: CameraSettings,
        wishes: EncoderWishes,
        stamps: SensorClock,
        on_unit: Callable[[AccessUnit], None],
        wake: Callable[[], None],
    ) -> None:
        self._vendor = vendor
        self._stream = stream
        self._settings = settings
        self._wishes = wishes
        self._stamps = stamps
        self._on_unit = on_unit
        self._wake = wake
        self._limit = RateLimit(settings.picture_rate)
        self._rates: tuple[Bitrate, float] = settings.bitrate, settings.picture_rate
        self._waiting: deque[Coded] = deque()
        self._overflowed = False
        self._needs_idr = True
        self._parameter_sets = b""
        self._restarted_at: int | None = None
        self._wanted: Bitrate = settings.bitrate
        self._restart_at: Bitrate = settings.bitrate
        self._encoder = self._started(settings.bitrate)

    def offer(self, request: Request, at: Micros) -> None:
        """
        Have a picture encoded, unless it is too many.

        Raises:
            DeviceError: The encoder had to be started anew, and could not be.
            OSError: The encoder does not take the picture.

        """
        self._follow_wishes(at)
        if not self._limit.allows(at):
            return
        if self._wishes.take_idr():
            self._force_idr()
        self._encoder.encode("main", request)

    def deliver(self) -> None:
        """Hand on what was encoded."""
        while (coded := self._next()) is not None:
            if self._overflowed:
                self._overflowed = False
                self._lose_reference("coded pictures waited too long")
            unit = self._unit(coded)
            if unit is not None:
                self._on_unit(unit)

    def close(self) -> None:
        """Stop encoding; no unit comes afterwards."""
        _stop(self._encoder)
        self._waiting.clear()

    def _started(self, bitrate: Bitrate) -> Any:
        settings, stream = self._settings, self._stream
        assert self._vendor.encoder is not None
        encoder = self._vendor.encoder(
            bitrate=bitrate,
            repeat=True,
            iperiod=max(1, round(settings.gop_s * settings.picture_rate)),
            framerate=settings.picture_rate,
            enable_sps_framerate=True,
            profile="baseline",
        )
        encoder.output = handing_over(self._vendor.output, self._take)
        encoder.name = "main"
        encoder.width, encoder.height = stream["size"]
        encoder.format, encoder.stride = stream["format"], stream["stride"]
        try:
            encoder.start()
        except OSError as error:
            _stop(encoder)
            words = _CURES.get(error.errno or 0, f"cannot be started: {error}")
            reason = f"the H.264 encoder {ENCODER_NODE} is {words}"
            raise DeviceError("camera", "encoder", reason) from error
        return encoder

    def _next(self) -> Coded | None:
        try:
            return self._waiting.popleft()
        except IndexError:  # nothing waits, or what did was thrown away just now
            return None

    def _take(self, coded: Coded) -> None:
        """Keep a coded picture; on the encoder's thread, which must never wait."""
        if len(self._waiting) >= MOST_WAITING:
            self._overflowed = True  # first: whoever takes one now must know
            self._waiting.clear()
        self._waiting.append(coded)
        self._wake()

    def _unit(self, coded: Coded) -> AccessUnit | None:
        data, is_key = coded.data, coded.is_key
        if is_key or len(data) <= _SURELY_A_PICTURE:
            units = split_annex_b(data)
            kinds = {nal_type(unit) for unit in units}
            sets = to_annex_b(unit for unit in units if nal_type(unit) in {SPS, PPS})
            self._parameter_sets = sets or self._parameter_sets
            if not kinds.intersection(_PICTURES):
                return None
            is_key = IDR in kinds
            if is_key and SPS not in kinds:
                data = self._parameter_sets + data
                is_key = bool(self._parameter_sets)
        at = self._stamps.of((self._encoder.firsttimestamp or 0) + coded.stamp)
        if at is None:
            self._lose_reference("a coded picture has the time of none")
            return None
        if self._needs_idr and not is_key:
            return None
        self._needs_idr = False
        return AccessUnit(data, at, is_idr=is_key)

    def _lose_reference(self, why: str) -> None:
        log.warning("pictures dropped", extra={"reason": why})
        self._needs_idr = True
        self._wishes.request_idr()

    def _force_idr(self) -> None:
        if hasattr(self._encoder, "force_key_frame"):
            self._encoder.force_key_frame()
        else:
            self._control(SET_CONTROL, FORCE_KEY_FRAME, 1)

    def _follow_wishes(self, at: Micros) -> None:
        wanted = self._wishes.rates()
        if wanted != self._rates:
            bitrate, rate = wanted
            full = self._settings.picture_rate
            self._limit.change(min(rate, full))
            scale = full / rate if rate >= BRAKE_BELOW else 1.0
            ceiling = max(self._settings.ceiling, self._settings.bitrate)
            raised = min(round(bitrate * max(1.0, scale)), ceiling)
            self._wanted = Bitrate(max(BITRATE_STEP, raised))
            self._rates = wanted
            if self._takes(self._wanted):
                self._restart_at = self._wanted
        if self._restart_at != self._wanted and self._may_restart(at):
            self._restart(at)

    def _takes(self, bitrate: Bitrate) -> bool:
        """Tell the encoder's own handle, and say whether it follows."""
        try:
            self._control(SET_CONTROL, BITRATE, bitrate)
            taken = self._control(GET_CONTROL, BITRATE, 0)
        except OSError:
            return False
        return abs(taken - bitrate) < BITRATE_STEP

    def _control(self, request: int, number: int, value: int) -> int:
        answer = self._vendor.ioctl(
            self._encoder.vd.fileno(), request, struct_control(number, value)
        )
        return value_of_control(answer)

    def _may_restart(self, at: Micros) -> bool:
        return self._restarted_at is None or at - self._restarted_at >= RESTART_US

    def _restart(self, at: Micros) -> None:
        log.info("encoder restarted", extra={"bitrate": self._wanted})
        self.close()
        self._needs_idr = True
        self._encoder = self._started(self._wanted)
        self._restart_at, self._restarted_at = self._wanted, at


def handing_over(base: type[Any], take: Callable[[Coded], None]) -> Any:
    """Return an output of picamera2 that does nothing but hand over."""

    class HandingOver(base):  # type: ignore[misc]
        """Gets every coded picture, on the encoder's thread and under its lock."""

        def outputframe(self, frame: Any, *about: Any) -> None:
            """Hand over a picture; the encoder reuses the memory it lies in."""
            is_key, stamp, *_ = about
            take(Coded(bytes(frame), bool(is_key), stamp or 0))

    return HandingOver()


def _stop(encoder: Any) -> None:
    """Stop an encoder, also one of which the start failed half-way."""
    with suppress(OSError, AttributeError, RuntimeError):
        encoder.stop()
    for mapped, _ in list(encoder.bufs.values()):
        mapped.close()
    if encoder.vd is not None and not encoder.vd.closed:
        encoder.vd.close()
