"""
Devices with a plug that the page can pull; each stands before the real adapter.

A plug that is pulled does what it does on a desk: an open camera falls silent, an open
microphone fails at the next read, and neither can be opened.  Put back, both go on
within the call.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.errors import DeviceError
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Camera,
    Clock,
    DmabufFrame,
    Microphone,
    Micros,
    Period,
    Probe,
    SoftFrame,
    Speaker,
)
from kiosk.simulator.switches import Switch, Switches


PATH = "simulator page"
AHEAD_S = 182.5 * 86_400.0
"""Half a year and half a day: certificates notice, opening hours, and who reads it."""


class PluggedCamera:
    """
    Implements :class:`kiosk.ports.Camera` before another one.

    Args:
        camera: Takes the pictures.
        switches: ``CAMERA`` pulls the plug.

    """

    def __init__(self, camera: Camera, switches: Switches) -> None:
        self._camera = camera
        self._switches = switches
        self._lost_some = False

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        if self._is_unplugged:
            return Probe("nothing", "no camera", "plug the camera in")
        return self._camera.probe()

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        """
        Begin to deliver access units.

        Raises:
            DeviceError: If it is unplugged, absent or busy.

        """
        if self._is_unplugged:
            raise DeviceError("camera", PATH, "absent; plug the camera in")
        self._lost_some = False

        def pass_unit(unit: AccessUnit) -> None:
            if self._is_unplugged:
                self._lost_some = True
            elif self._lost_some and not unit.is_idr:
                self._camera.request_idr()  # what came before it is missing
            else:
                self._lost_some = False
                on_unit(unit)

        def pass_preview(picture: SoftFrame | DmabufFrame) -> None:
            if on_preview is not None and not self._is_unplugged:
                on_preview(picture)
            elif isinstance(picture, DmabufFrame):
                picture.release()

        self._camera.start(pass_unit, pass_preview if on_preview else None)

    @property
    def is_open(self) -> bool:
        """Whether pictures are being taken right now."""
        return self._camera.is_open and not self._is_unplugged

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        return self._camera.picture_size

    def request_idr(self) -> None:
        """Make the next picture an IDR."""
        self._camera.request_idr()

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate."""
        self._camera.set_bitrate(bitrate)

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Encode at most so many pictures."""
        self._camera.set_picture_rate(pictures_per_second)

    def take_still(self) -> SoftFrame:
        """
        Take one picture of the whole sensor.

        Raises:
            DeviceError: If it is unplugged, not open, or fails.

        """
        if self._is_unplugged:
            raise DeviceError("camera", PATH, "absent; plug the camera in")
        return self._camera.take_still()

    def close(self) -> None:
        """Release the sensor."""
        self._camera.close()

    @property
    def _is_unplugged(self) -> bool:
        return self._switches.is_on(Switch.CAMERA)


class PluggedMicrophone:
    """
    Implements :class:`kiosk.ports.Microphone` before another one.

    Args:
        microphone: Hears.
        switches: ``MICROPHONE`` pulls the plug.

    """

    def __init__(self, microphone: Microphone, switches: Switches) -> None:
        self._microphone = microphone
        self._switches = switches

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        if self._is_unplugged:
            return Probe("nothing", "no microphone", "plug the microphone in")
        return self._microphone.probe()

    def open(self) -> None:
        """
        Open the device.

        Raises:
            DeviceError: If it is unplugged, absent or busy.

        """
        self._check()
        self._microphone.open()

    @property
    def is_open(self) -> bool:
        """Whether the device is open right now."""
        return self._microphone.is_open and not self._is_unplugged

    @property
    def xruns(self) -> int:
        """How often sound was lost."""
        return self._microphone.xruns

    def read(self) -> Period:
        """
        Return the next period.

        Raises:
            DeviceError: If it is unplugged, closed or gone.

        """
        self._check()
        return self._microphone.read()

    def close(self) -> None:
        """Release the device."""
        self._microphone.close()

    def _check(self) -> None:
        if self._is_unplugged:
            raise DeviceError("microphone", PATH, "absent; plug the microphone in")

    @property
    def _is_unplugged(self) -> bool:
        return self._switches.is_on(Switch.MICROPHONE)


class HeardSpeaker:
    """
    Implements :class:`kiosk.ports.Speaker` before another one.

    Args:
        speaker: Plays, and keeps the time.
        hear: Gets what is really played, on the writer's thread.

    """

    def __init__(self, speaker: Speaker, hear: Callable[[bytes], None]) -> None:
        self._speaker = speaker
        self._hear = hear

    def probe(self) -> Probe:
        """Say what is there, without opening it."""
        return self._speaker.probe()

    def open(self, on_played: Callable[[Period], None] | None = None) -> None:
        """
        Open the device.

        Raises:
            DeviceError: If it is absent or busy.

        """

        def played(period: Period) -> None:
            self._hear(period.pcm)
            if on_played is not None:
                on_played(period)

        self._speaker.open(played)

    @property
    def is_open(self) -> bool:
        """Whether the device is open right now."""
        return self._speaker.is_open

    @property
    def underruns(self) -> int:
        """How often it had nothing to play."""
        return self._speaker.underruns

    def write(self, pcm: bytes) -> Micros:
        """Play a period; return when its first sample is heard."""
        return self._speaker.write(pcm)

    def close(self) -> None:
        """Stop at once and release the device."""
        self._speaker.close()


class SkewedClock:
    """
    Implements :class:`kiosk.ports.Clock` before another one.

    Args:
        clock: Tells the time.
        switches: ``CLOCK`` puts the wall clock :data:`AHEAD_S` ahead.

    """

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches

    def now(self) -> Micros:
        """Return CLOCK_MONOTONIC, which no switch moves."""
        return self._clock.now()

    def wall_s(self) -> float:
        """Return seconds since 1970 as this kiosk believes."""
        ahead = AHEAD_S if self._switches.is_on(Switch.CLOCK) else 0.0
        return self._clock.wall_s() + ahead
