"""
A microphone that hears a sound file, in real time and for ever.

Any file FFmpeg can decode, also the sound of a video; 48 kHz mono comes out.
"""

from __future__ import annotations

import threading

from kiosk.codec.audio_file import AudioFile
from kiosk.codec.pacing import LISTEN_PERIOD, CapturePeriods
from kiosk.codec.short_wait import wait_shortly
from kiosk.errors import DeviceError, MediaError
from kiosk.ports import Clock, Period, Probe


CURE = 'name a sound file that ffmpeg can play, or use microphone "synthetic"'


class FileMicrophone:
    """
    Implements :class:`kiosk.ports.Microphone` with a sound file.

    Args:
        clock: Stamps and paces the periods.
        path: Of the file.

    """

    def __init__(self, clock: Clock, path: str) -> None:
        self._clock = clock
        self._path = path
        self._playing: tuple[AudioFile, CapturePeriods] | None = None
        self._closing = threading.Event()
        self._reading = threading.Lock()  # held by whoever uses the file
        self._xruns = 0

    def probe(self) -> Probe:
        """Say whether the file can be played."""
        try:
            AudioFile(self._path).close()
        except MediaError as exc:
            return Probe("no sound", str(exc), CURE)
        return Probe(f"file {self._path}")

    def open(self) -> None:
        """
        Begin at the beginning of the file.

        Raises:
            DeviceError: If it is open already, or the file cannot be played.

        """
        if self._playing is not None:
            raise DeviceError("microphone", self._path, "busy: opened already")
        try:
            sound = AudioFile(self._path)
        except MediaError as exc:
            raise DeviceError("microphone", self._path, f"{exc}; {CURE}") from exc
        self._closing.clear()
        self._xruns = 0
        self._playing = (sound, CapturePeriods(self._clock.now(), LISTEN_PERIOD))

    @property
    def is_open(self) -> bool:
        """Whether the file is being played right now."""
        return self._playing is not None

    @property
    def xruns(self) -> int:
        """How often sound was lost since ``open``, because nobody read it."""
        return self._xruns

    def read(self) -> Period:
        """
        Return the next 20 ms; blocks until they have passed.

        Raises:
            DeviceError: If it is not open, closed meanwhile, or the file is gone.

        """
        playing = self._playing
        if playing is None:
            raise DeviceError("microphone", self._path, "not open")
        sound, periods = playing
        closed = wait_shortly(self._closing, periods.wait_s(self._clock.now()))
        with self._reading:
            if closed or self._playing is not playing:
                raise DeviceError("microphone", self._path, "closed while it was read")
            lost_before = periods.lost_samples
            captured_at = periods.take(self._clock.now())
            self._xruns = periods.xruns
            try:
                sound.read(periods.lost_samples - lost_before)
                return Period(sound.read(LISTEN_PERIOD), captured_at)
            except MediaError as exc:
                raise DeviceError("microphone", self._path, str(exc)) from exc

    def close(self) -> None:
        """Close the file; a blocked ``read`` raises."""
        self._closing.set()
        with self._reading:
            if self._playing is not None:
                self._playing[0].close()
            self._playing = None
