"""
A speaker made of numbers: it keeps and measures what it played.

Like a sound card it has a small buffer that drains in real time; who writes
too late hears silence.  The onsets of the audible clock are measured at the
moment they would be heard, which is the mouth-to-ear latency of a call.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from kiosk.codec.beep import AGENT_HZ, UnhurriedMeter
from kiosk.codec.pacing import SpeakerBuffer
from kiosk.codec.short_wait import wait_shortly
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import SAMPLE_RATE, Clock, Micros, Period, Probe


PATH = "synthetic"
STALL_S = 0.5
LATENCIES = 4096
"""Onset latencies kept: half an hour of them."""


class SyntheticSpeaker:
    """
    Implements :class:`kiosk.ports.Speaker` with a measuring instrument.

    Args:
        clock: Drains the buffer.
        meter_hz: Frequency of the bursts to measure.
        buffer_ms: What the device's own buffer holds.
        drift_ppm: How much faster than our clock the device plays.
        keep_s: Seconds of sound kept for ``played``.
        absent: Behave like a speaker that is not plugged in.

    """

    def __init__(
        self,
        clock: Clock,
        *,
        meter_hz: int = AGENT_HZ,
        buffer_ms: int = 80,
        drift_ppm: float = 0.0,
        keep_s: float = 10.0,
        absent: bool = False,
    ) -> None:
        self._clock = clock
        self._meter_hz = meter_hz
        self._buffer_us = buffer_ms * 1000
        self._drift_ppm = drift_ppm
        self._keep_bytes = 2 * round(keep_s * SAMPLE_RATE)
        self._absent = absent
        self._closing = threading.Event()
        self._stalled = threading.Event()
        self._lock = threading.Lock()  # over all that is kept and measured
        self._buffer: SpeakerBuffer | None = None
        self._on_played: Callable[[Period], None] | None = None
        self._meter = UnhurriedMeter(meter_hz)
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._played: deque[bytes] = deque()
        self._played_bytes = 0
        self._underruns = 0

    def probe(self) -> Probe:
        """Say what is there."""
        if self._absent:
            return Probe("nothing", "no speaker", "plug the speaker in")
        return Probe(f"synthetic, measures {self._meter_hz} Hz")

    def open(self, on_played: Callable[[Period], None] | None = None) -> None:
        """
        Begin to play; what was measured and kept before is forgotten.

        Raises:
            DeviceError: If it is open already, or absent.

        """
        if self._absent:
            raise DeviceError("speaker", PATH, "absent; plug the speaker in")
        if self._buffer is not None:
            raise DeviceError("speaker", PATH, "busy: opened already")
        with self._lock:
            self._meter = UnhurriedMeter(self._meter_hz)
            self._latencies.clear()
            self._played.clear()
            self._played_bytes = 0
            self._underruns = 0
        self._closing.clear()
        self._on_played = on_played
        self._buffer = SpeakerBuffer(self._buffer_us, self._drift_ppm)

    @property
    def is_open(self) -> bool:
        """Whether it plays right now."""
        return self._buffer is not None

    @property
    def underruns(self) -> int:
        """How often the buffer ran dry since ``open``."""
        return self._underruns

    @property
    def latencies_ms(self) -> tuple[float, ...]:
        """Latencies of the burst onsets heard since ``open``, oldest first."""
        with self._lock:
            self._latencies.extend(self._meter.look())
            return tuple(self._latencies)

    @property
    def level_dbfs(self) -> float:
        """RMS of the last half second played; -120 is silence."""
        with self._lock:
            self._latencies.extend(self._meter.look())
            return self._meter.level_dbfs

    def played(self) -> bytes:
        """Return the PCM of the last seconds, underruns as silence."""
        with self._lock:
            return b"".join(self._played)

    def write(self, pcm: bytes) -> Micros:
        """
        Play a period; blocks while the buffer is full.

        Returns:
            When its first sample is heard.

        Raises:
            DeviceStalled: While ``stall`` is on.
            DeviceError: If it is not open, or closed meanwhile.

        """
        buffer = self._buffer
        if buffer is None:
            raise DeviceError("speaker", PATH, "not open")
        self._wait_for_room(buffer, len(pcm) // 2)
        queued = buffer.put(self._clock.now(), len(pcm) // 2)
        with self._lock:
            self._underruns = buffer.underruns
            self._keep(bytes(min(2 * queued.silence, self._keep_bytes)))
            self._keep(pcm)
            self._latencies.extend(self._meter.feed(pcm, queued.heard_at))
        if self._on_played is not None:
            self._on_played(Period(pcm, queued.heard_at))
        return queued.heard_at

    def stall(self, *, stalled: bool = True) -> None:
        """Take nothing although open, like a sound card that hangs; or go on."""
        if stalled:
            self._stalled.set()
        else:
            self._stalled.clear()

    def close(self) -> None:
        """Stop at once; a blocked ``write`` raises. What was kept stays."""
        self._closing.set()
        self._buffer = None

    def _wait_for_room(self, buffer: SpeakerBuffer, n_samples: int) -> None:
        stalled = self._stalled.is_set()
        wait_s = buffer.wait_s(self._clock.now(), n_samples)
        while stalled or wait_s > 0:
            if wait_shortly(self._closing, STALL_S if stalled else wait_s):
                raise DeviceError("speaker", PATH, "closed while it was written")
            if stalled:
                raise DeviceStalled("speaker", PATH, STALL_S)
            wait_s = buffer.wait_s(self._clock.now(), n_samples)

    def _keep(self, pcm: bytes) -> None:
        if not pcm:
            return
        self._played.append(pcm)
        self._played_bytes += len(pcm)
        while self._played_bytes - len(self._played[0]) >= self._keep_bytes:
            self._played_bytes -= len(self._played.popleft())
