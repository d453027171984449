"""
A speaker that writes what it plays into a WAV file, in real time.

Like a sound card it has a small buffer that drains in real time; an underrun
is silence in the file.  The header is kept true once a second, so that the file
of a killed process can be played too.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from kiosk.codec.pacing import SpeakerBuffer
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Clock, Micros, Period, Probe


CURE = 'name a file in a writable folder, or use speaker "synthetic"'

HEADER_BYTES = 44
SIZES_EVERY = 2 * SAMPLE_RATE
"""Bytes between two updates of the header: one second."""

MAX_BYTES = 0xFFFF_FFFF - HEADER_BYTES - 1
"""WAV counts in 32 bits: 12 hours."""


class FileSpeaker:
    """
    Implements :class:`kiosk.ports.Speaker` with a WAV file.

    Args:
        clock: Drains the buffer.
        path: Of the file; an existing one is replaced.
        buffer_ms: What the device's own buffer holds.
        max_bytes: Of sound in the file; what comes later is not written.

    """

    def __init__(
        self,
        clock: Clock,
        path: str,
        *,
        buffer_ms: int = 80,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._path = path
        self._buffer_us = buffer_ms * 1000
        self._max_bytes = max_bytes
        self._closing = threading.Event()
        self._lock = threading.Lock()  # over the file
        self._buffer: SpeakerBuffer | None = None
        self._file: FileIO | None = None
        self._on_played: Callable[[Period], None] | None = None
        self._underruns = 0
        self._written = 0
        self._told = 0

    def probe(self) -> Probe:
        """Say whether the folder is there, without writing."""
        folder = Path(self._path).absolute().parent
        if not folder.is_dir():
            return Probe("no file", f"no folder {folder}", CURE)
        return Probe(f"file {self._path}")

    def open(self, on_played: Callable[[Period], None] | None = None) -> None:
        """
        Begin a new file.

        Raises:
            DeviceError: If it is open already, or the file cannot be written.

        """
        if self._buffer is not None:
            raise DeviceError("speaker", self._path, "busy: opened already")
        try:
            self._file = FileIO(
                self._path, "wb"
            )  # unbuffered: what is played is on disk
            self._written = self._told = 0
            self._underruns = 0
            self._write_header()
        except OSError as exc:
            self.close()
            raise DeviceError("speaker", self._path, f"{exc.strerror}; {CURE}") from exc
        self._closing.clear()
        self._on_played = on_played
        self._buffer = SpeakerBuffer(self._buffer_us)

    @property
    def is_open(self) -> bool:
        """Whether the file is being written right now."""
        return self._buffer is not None

    @property
    def underruns(self) -> int:
        """How often the buffer ran dry since ``open``."""
        return self._underruns

    def write(self, pcm: bytes) -> Micros:
        """
        Play a period; blocks while the buffer is full.

        Returns:
            When its first sample would be heard.

        Raises:
            DeviceError: If it is not open, closed meanwhile, or the disk is full.

        """
        buffer = self._buffer
        if buffer is None:
            raise DeviceError("speaker", self._path, "not open")
        n_samples = len(pcm) // 2
        while (wait_s := buffer.wait_s(self._clock.now(), n_samples)) > 0:
            if self._closing.wait(wait_s):
                raise DeviceError("speaker", self._path, "closed while it was written")
        queued = buffer.put(self._clock.now(), n_samples)
        self._underruns = buffer.underruns
        with self._lock:
            try:
                self._append(bytes(2 * min(queued.silence, SAMPLE_RATE)) + pcm)
            except OSError as exc:
                raise DeviceError("speaker", self._path, str(exc.strerror)) from exc
        if self._on_played is not None:
            self._on_played(Period(pcm, queued.heard_at))
        return queued.heard_at

    def close(self) -> None:
        """Finish the file; a blocked ``write`` raises."""
        self._closing.set()
        with self._lock:
            if self._file is not None:
                with self._file, suppress(OSError):  # a full disk: sizes stay behind
                    self._write_header()
            self._file = None
            self._buffer = None

    def _append(self, pcm: bytes) -> None:
        if self._file is None:
            raise DeviceError("speaker", self._path, "closed while it was written")
        if self._written + len(pcm) > self._max_bytes:
            return
        self._file.write(pcm)
        self._written += len(pcm)
        if self._written - self._told >= SIZES_EVERY:
            self._write_header()

    def _write_header(self) -> None:
        assert self._file is not None
        self._file.seek(0)
        self._file.write(_header(self._written))
        self._file.seek(0, 2)
        self._told = self._written


def _header(n_bytes: int) -> bytes:
    """Return the RIFF/WAVE header of so many bytes of 48 kHz s16 mono."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + n_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        SAMPLE_RATE,
        SAMPLE_RATE * 2,
        2,
        16,
        b"data",
        n_bytes,
    )
