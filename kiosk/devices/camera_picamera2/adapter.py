"""The port's camera: a thread that opens a camera, serves it, and opens it anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from kiosk.codec.live_encoder import EncoderWishes
from kiosk.codec.presets import GOP_S
from kiosk.codec.shutter import Shutter
from kiosk.devices.camera_picamera2.choice import CURE_ABSENT, chosen
from kiosk.devices.camera_picamera2.session import Listeners, Session
from kiosk.devices.camera_picamera2.settings import CameraSettings
from kiosk.devices.camera_picamera2.vendor import Vendor, load_vendor
from kiosk.errors import DeviceError, DeviceStalled, MediaError
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Clock,
    DmabufFrame,
    Probe,
    SoftFrame,
)


CLOSE_S: Final = 1.8
"""Below the two seconds that a call waits.  Three waits of fixed length, for pictures
here and in the threads of picamera2's encoder and of its events, are 0.8 of it."""
REOPEN_S: Final = 1.0
FORESEEN: Final = (DeviceError, MediaError, OSError, RuntimeError)
"""What a camera, its encoder and picamera2 raise when they fail."""

log = logging.getLogger(__name__)


class Picamera2Camera:
    """
    Implements :class:`kiosk.ports.Camera` by picamera2.

    A still is the stream's picture: one of the whole sensor would need the camera
    configured anew, twice, in the middle of a call, which is what it may not survive.

    Args:
        clock: The kiosk's.
        which: A number, a part of a name, or nothing: the first camera.
        width, height: Of the coded picture in pixels, both even.
        picture_rate: Pictures per second.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.
        close_s: How long libcamera may take to stop, in seconds.
        vendor: Loads picamera2, or what stands for it.

    """

    def __init__(
        self,
        clock: Clock,
        which: str = "",
        *,
        width: int = 640,
        height: int = 360,
        picture_rate: float = 30.0,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float = GOP_S,
        close_s: float = CLOSE_S,
        vendor: Callable[[], Vendor] = load_vendor,
    ) -> None:
        self._clock = clock
        self._which = which
        self._settings = CameraSettings(
            width, height, picture_rate, bitrate, ceiling, gop_s
        )
        self._close_s = close_s
        self._load_vendor = vendor
        self._path = f"picamera2:{which}" if which else "picamera2"
        self._wishes = EncoderWishes(bitrate, picture_rate)
        self._closing = threading.Event()
        self._shutter = Shutter(self._path)
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._unclosed = ""
        self._is_silent_anew = False

    def probe(self) -> Probe:
        """Say which camera it would be, and who encodes."""
        try:
            vendor = self._load_vendor()
            cameras = vendor.cameras()
            known = cameras[chosen(cameras, self._which)]
        except DeviceError as error:
            wrong, _, cure = str(error).partition("; ")
            return Probe("no camera", wrong, cure or CURE_ABSENT)
        how = "libx264" if vendor.encoder is None else "hardware encoder"
        width, height = self._settings.size
        rate = self._settings.picture_rate
        return Probe(f"{known['Model']} {width}x{height}@{rate:g}, {how}")

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        """
        Open the camera and begin to deliver access units.

        Raises:
            DeviceError: It is absent or busy.

        """
        if self._thread is not None and self._thread.is_alive():
            raise DeviceError("camera", self._path, "busy: started already")
        listeners = Listeners(on_unit, on_preview, self._wishes, self._shutter)
        opened: Future[None] = Future()
        self._closing.clear()
        self._unclosed = ""
        self._thread = threading.Thread(
            target=self._run, args=(listeners, opened), name="camera", daemon=True
        )
        self._thread.start()
        try:
            opened.result()
        except BaseException:
            self._thread.join(self._close_s)  # it has nothing left to do
            raise

    @property
    def is_open(self) -> bool:
        """Whether the sensor is open right now."""
        return self._session is not None or bool(self._unclosed)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        return self._settings.size

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
        Take the next picture of the stream.

        Raises:
            DeviceStalled: If none comes.
            DeviceError: If the camera is not open.

        """
        return self._shutter.press()

    def close(self) -> None:
        """
        Stop; no callback runs afterwards.

        Raises:
            DeviceStalled: libcamera, or a callback, does not return.
            DeviceError: libcamera could not close the camera, or it had fallen silent
                and stayed so although it was opened anew: then only a new process
                helps (picamera2 issues 952 and 1090), and the kernel, which frees
                all that this one held.

        """
        self._closing.set()
        self._shutter.close()
        if self._thread is None:
            return
        self._thread.join(self._close_s)
        if self._thread.is_alive():
            raise DeviceStalled("camera", self._path, self._close_s)
        self._thread = None
        if self._unclosed:
            raise DeviceError("camera", self._path, self._unclosed)
        is_silent, self._is_silent_anew = self._is_silent_anew, False
        if is_silent:
            raise DeviceError("camera", self._path, "silent, also when opened anew")

    def _run(self, listeners: Listeners, opened: Future[None]) -> None:
        """Serve the camera until told to close: the body of the camera's thread."""
        try:
            self._session = self._opened(listeners)
        except DeviceError as error:
            self._is_silent_anew = False  # it was not opened anew
            opened.set_exception(error)
            return
        except BaseException as error:
            opened.set_exception(error)
            raise
        self._shutter.open()
        opened.set_result(None)
        while self._session is not None:
            self._serve(self._session)
            self._session = self._reopened(listeners)

    def _serve(self, session: Session) -> None:
        try:
            session.serve(self._closing)
        except FORESEEN as error:
            log.warning("camera failed", extra={"code": "D002", "reason": str(error)})
        except Exception:  # of this program, a listener or picamera2
            log.exception("camera failed", extra={"code": "D002"})
        self._let_go(session)

    def _reopened(self, listeners: Listeners) -> Session | None:
        """
        Return the camera opened anew; None once it is to be closed.

        Until it is known to be gone it counts as open: a lamp that tells of an open
        camera shall rather be lit too long.
        """
        while not self._closing.is_set() and not self._unclosed:
            try:
                session = self._opened(listeners)
            except DeviceError as error:
                self._session = None
                log.warning("camera absent", extra={"reason": str(error)})
                self._closing.wait(REOPEN_S)
            else:
                log.info("camera opened anew")
                return session
        return None

    def _opened(self, listeners: Listeners) -> Session:
        """
        Return the camera opened, with its first picture taken.

        Raises:
            DeviceError: It cannot be; nothing is left open then.  Whatever picamera2
                raises becomes one: a thread that ended by it would leave the camera
                to nobody.

        """
        try:
            session = self._new_session(listeners)
            self._await_picture(session)
        except DeviceError:
            raise
        except FORESEEN as error:
            raise DeviceError("camera", self._path, str(error)) from error
        except Exception as error:
            log.exception("camera cannot be opened", extra={"code": "D002"})
            reason = f"{type(error).__name__}: {error}; see the journal"
            raise DeviceError("camera", self._path, reason) from error
        return session

    def _new_session(self, listeners: Listeners) -> Session:
        vendor = self._load_vendor()
        cameras = vendor.cameras()
        self._is_silent_anew = False  # if it is away now, a process is no cure
        number = chosen(cameras, self._which)
        try:
            return Session(
                vendor,
                number=number,
                known=cameras[number],
                settings=self._settings,
                listeners=listeners,
                clock=self._clock,
            )
        except (OSError, RuntimeError) as error:  # not even the way back worked
            self._unclosed = f"cannot be closed: {error}"
            raise DeviceError("camera", self._path, self._unclosed) from error

    def _await_picture(self, session: Session) -> None:
        self._session = session  # the sensor is on already, and the lamp tells it
        try:
            session.wait_for_picture(self._closing)
        except BaseException:
            self._is_silent_anew = session.is_silent
            self._let_go(session)
            self._session = None
            raise
        self._is_silent_anew = session.is_silent

    def _let_go(self, session: Session) -> None:
        try:
            session.close()
        except Exception as error:
            log.exception("camera cannot be closed", extra={"code": "D002"})
            self._unclosed = f"cannot be closed: {error}"
