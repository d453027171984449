"""What the kiosk needs from its devices. See the package for threads and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk.ports.values import (
    AccessUnit,
    Bitrate,
    Button,
    DmabufFrame,
    Frame,
    Indicator,
    Layer,
    Micros,
    Period,
    Probe,
    Rect,
    SoftFrame,
)


class Clock(Protocol):
    """The only source of time outside the adapters."""

    def now(self) -> Micros:
        """Return CLOCK_MONOTONIC."""
        ...

    def wall_s(self) -> float:
        """Return seconds since 1970, for URLs and logs only."""
        ...


class Camera(Protocol):
    """
    A camera with its H.264 encoder.

    ``request_idr``, ``set_bitrate`` and ``set_picture_rate`` may be called
    from any thread.
    """

    def probe(self) -> Probe:
        """Say what is there, without opening it. May take a second."""
        ...

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        """
        Begin to deliver access units, the first one an IDR with SPS and PPS.

        Runs on a worker thread and may take seconds.

        Args:
            on_unit: Gets every coded picture, on the camera's thread.
            on_preview: Gets small uncoded pictures for the self-view.

        Raises:
            DeviceError: If the sensor is absent or busy.

        """
        ...

    @property
    def is_open(self) -> bool:
        """Whether the sensor is open right now: observed, not remembered."""
        ...

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        ...

    def request_idr(self) -> None:
        """Make the next picture an IDR. Cheap; may be called often."""
        ...

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate from the next picture on."""
        ...

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """
        Encode at most so many pictures; the others are skipped unencoded.

        Those encoded get the bits of the others, unless the rate is below
        :data:`BRAKE_BELOW`: then the network is to be relieved for a moment.
        """
        ...

    def take_still(self) -> SoftFrame:
        """
        Take one picture of the whole sensor, beside the stream.

        Runs on a worker thread and may take two seconds, in which the stream may
        pause; it goes on by itself.

        Raises:
            DeviceError: If the camera is not open, or fails.

        """
        ...

    def close(self) -> None:
        """Release the sensor within a second. Runs on a worker thread."""
        ...


class Microphone(Protocol):
    """A microphone that is read period by period, like ALSA."""

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        ...

    def open(self) -> None:
        """
        Open the device.

        Raises:
            DeviceError: If it is absent or busy.

        """
        ...

    @property
    def is_open(self) -> bool:
        """Whether the device is open right now."""
        ...

    def read(self) -> Period:
        """
        Return the next period; blocks on the caller's thread, at most 0.5 s.

        Raises:
            DeviceStalled: If nothing came in time.
            DeviceError: If the device is gone.

        """
        ...

    def close(self) -> None:
        """Release the device; a blocked ``read`` returns or raises."""
        ...


class Speaker(Protocol):
    """A loudspeaker that is written period by period, like ALSA."""

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        ...

    def open(self, on_played: Callable[[Period], None] | None = None) -> None:
        """
        Open the device.

        Args:
            on_played: Tap of what is really played, after volume and
                concealment, stamped with the time it is heard (the true
                reference for echo cancellation). Runs on the writer's thread.

        Raises:
            DeviceError: If it is absent or busy.

        """
        ...

    @property
    def is_open(self) -> bool:
        """Whether the device is open right now."""
        ...

    def write(self, pcm: bytes) -> Micros:
        """
        Play a period; blocks while the device's own buffer is full, <= 0.5 s.

        Returns:
            When the first sample of this period will be heard.

        Raises:
            DeviceStalled: If the device took nothing in time.
            DeviceError: If the device is gone.

        """
        ...

    def close(self) -> None:
        """Stop at once and release the device."""
        ...


class Display(Protocol):
    """A display with layers. Never blocks; the newest frame of a layer wins."""

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels; valid after ``open``."""
        ...

    def open(self) -> None:
        """
        Take the display.

        Raises:
            DeviceError: If there is none or somebody else owns it.

        """
        ...

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """
        Put a frame on a layer; may be called from any thread.

        Args:
            layer: Which one.
            frame: Copied, or held until its successor is on the screen.
            at: Where; ``None`` fits it into the whole display, keeping its
                shape.

        Returns:
            When it is (about to be) on the glass; ``None`` if it never will be.

        """
        ...

    def hide(self, layer: Layer) -> None:
        """Switch a layer off; any thread."""
        ...

    def save_png(self, path: str) -> None:
        """
        Write what is on the glass, all layers composed. Runs on a worker thread.

        Raises:
            DeviceError: If the display cannot be read back or ``path`` cannot
                be written.

        """
        ...

    def close(self) -> None:
        """Give the display back."""
        ...


class Buttons(Protocol):
    """The buttons of the kiosk."""

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        ...

    def start(self, on_press: Callable[[Button, Micros], None]) -> None:
        """
        Report debounced presses, with the time of the press.

        Raises:
            DeviceError: If a line is absent or in use.

        """
        ...

    def close(self) -> None:
        """Stop reporting."""
        ...


class Indicators(Protocol):
    """The lamps of the kiosk."""

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        ...

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """Switch a lamp; unknown lamps are ignored."""
        ...

    def close(self) -> None:
        """Switch all lamps off."""
        ...


class Init(Protocol):
    """The service supervisor (systemd, or nobody)."""

    def ready(self) -> None:
        """Say that the daemon serves."""
        ...

    def status(self, text: str) -> None:
        """Set the one line that ``systemctl status`` shows."""
        ...

    def ping(self) -> None:
        """Feed the watchdog."""
        ...

    def stopping(self) -> None:
        """Say that the daemon is on its way out."""
        ...
