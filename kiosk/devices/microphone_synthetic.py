"""
A microphone made of numbers: bursts of the audible clock, or a steady tone.

It keeps real time like a sound card: a period is there when it has passed, and
a reader who comes too late has lost what the device could not keep.
"""

from __future__ import annotations

import threading

from kiosk.codec.beep import BeepSource, SoundSource
from kiosk.codec.pacing import LISTEN_PERIOD, CapturePeriods
from kiosk.codec.short_wait import wait_shortly
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Clock, Period, Probe


PATH = "synthetic"
STALL_S = 0.5


class SyntheticMicrophone:
    """
    Implements :class:`kiosk.ports.Microphone` with a sound source.

    Args:
        clock: Stamps and paces the periods.
        source: What it hears; bursts of 1000 Hz unless given.
        drift_ppm: How much faster than our clock the device records.
        absent: Behave like a microphone that is not plugged in.

    """

    def __init__(
        self,
        clock: Clock,
        source: SoundSource | None = None,
        *,
        drift_ppm: float = 0.0,
        absent: bool = False,
    ) -> None:
        self._clock = clock
        self._source = source or BeepSource()
        self._drift_ppm = drift_ppm
        self._absent = absent
        self._periods: CapturePeriods | None = None
        self._closing = threading.Event()
        self._stalled = threading.Event()
        self._xruns = 0

    def probe(self) -> Probe:
        """Say what is there."""
        if self._absent:
            return Probe("nothing", "no microphone", "plug the microphone in")
        return Probe(f"synthetic {type(self._source).__name__}, 48 kHz mono")

    def open(self) -> None:
        """
        Begin to listen.

        Raises:
            DeviceError: If it is open already, or absent.

        """
        if self._absent:
            raise DeviceError("microphone", PATH, "absent; plug the microphone in")
        if self._periods is not None:
            raise DeviceError("microphone", PATH, "busy: opened already")
        self._closing.clear()
        self._xruns = 0
        self._periods = CapturePeriods(
            self._clock.now(), LISTEN_PERIOD, drift_ppm=self._drift_ppm
        )

    @property
    def is_open(self) -> bool:
        """Whether it listens right now."""
        return self._periods is not None

    @property
    def xruns(self) -> int:
        """How often sound was lost since ``open``, because nobody read it."""
        return self._xruns

    def read(self) -> Period:
        """
        Return the next 20 ms; blocks until they have passed.

        Raises:
            DeviceStalled: While ``stall`` is on.
            DeviceError: If it is not open, or closed meanwhile.

        """
        periods = self._periods
        if periods is None:
            raise DeviceError("microphone", PATH, "not open")
        stalled = self._stalled.is_set()
        wait_s = STALL_S if stalled else periods.wait_s(self._clock.now())
        if wait_shortly(self._closing, wait_s):
            raise DeviceError("microphone", PATH, "closed while it was read")
        if stalled:
            raise DeviceStalled("microphone", PATH, STALL_S)
        captured_at = periods.take(self._clock.now())
        self._xruns = periods.xruns
        samples = self._source.fill(captured_at, LISTEN_PERIOD)
        return Period(samples.astype("<i2", copy=False).tobytes(), captured_at)

    def stall(self, *, stalled: bool = True) -> None:
        """Give nothing although open, like a sound card that hangs; or go on."""
        if stalled:
            self._stalled.set()
        else:
            self._stalled.clear()

    def close(self) -> None:
        """Stop listening; a blocked ``read`` raises."""
        self._closing.set()
        self._periods = None
