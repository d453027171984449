"""What the kiosk needs from its devices. See the package for threads and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk.ports.values import (
    AccessUnit,
    Bitrate,
    ButtonEdge,
    ButtonFault,
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
        Take one picture beside the stream, as large as needs no other set-up.

        A camera is never configured anew within a call (that ends in "cannot
        allocate memory"), so most give what they stream, some the whole sensor.

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

    @property
    def xruns(self) -> int:
        """How often sound was lost since ``open``; stays until the next one."""
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

    @property
    def underruns(self) -> int:
        """How often it had nothing to play since ``open``; stays until the next."""
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

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Report every debounced edge: each that goes down, and when it came up.

        Whoever listens tells short presses from long ones. A device that cannot
        tell when a button is let go reports that at once.  A button that is stuck
        or unplugged comes up first; it is heard again once its fault is over.

        Args:
            on_edge: Gets the edges.
            on_fault: Gets what is to be mended, from devices that can tell.

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
        """
        Switch a lamp; those that are not there are ignored.

        Raises:
            DeviceError: If the lamps cannot be reached; the next call tries again.

        """
        ...

    def close(self) -> None:
        """Switch all lamps off."""
        ...


class Init(Protocol):
    """The service supervisor (systemd, or nobody)."""

    def ready(self) -> None:
        """Say that the daemon serves; after :meth:`reloading`, that it does again."""
        ...

    def reloading(self, now: Micros) -> None:
        """
        Say that the configuration is being read anew; :meth:`ready` says it is done.

        The supervisor waits for that: whoever calls this calls ``ready`` whether
        the new configuration was taken or refused.

        Args:
            now: Taken after the request came, else the supervisor thinks of an
                earlier one.

        """
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

    def keep(self, name: str, fd: int) -> None:
        """
        Have a descriptor kept, for the next process should this one crash.

        Args:
            name: What the next process finds it by; the newest of a name stays.
            fd: Duplicated; stays the caller's.

        """
        ...

    def forget(self, name: str) -> None:
        """Have the descriptor of a name kept no longer; no error if none is."""
        ...
