"""
A microphone on a sound card.

The thread that reads sleeps until a period is due and never waits inside the
library: so a close from another thread frees it within 50 ms, and a card that hangs
is noticed after half a second.  Each time it is opened the card is looked for anew,
so one that was plugged in again is found under whatever number it now has.
"""

from __future__ import annotations

import threading

from kiosk.alsa.cards import Direction
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.mixer import set_level
from kiosk.alsa.pcm import Shape, find, open_pcm
from kiosk.alsa.reasons import held_by
from kiosk.alsa.recording import Recording
from kiosk.codec.short_wait import wait_shortly
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Clock, Period, Probe


STALL_S = 0.5
SHAPE = Shape("microphone", Direction.CAPTURE, period_ms=20, periods=8)
"""Of a reader who is late, 160 ms are kept."""


class AlsaMicrophone:
    """
    Implements :class:`kiosk.ports.Microphone` with ALSA.

    Args:
        clock: Must be CLOCK_MONOTONIC, as the stamps of the cards are.
        wanted: Which card, see :mod:`kiosk.alsa.choice`; empty for the first.
        level: For the card's own mixer, in percent; None leaves it alone.
        machine: Has the cards.

    """

    def __init__(
        self,
        clock: Clock,
        wanted: str = "",
        *,
        level: int | None = None,
        machine: SoundMachine | None = None,
    ) -> None:
        self._clock = clock
        self._wanted = wanted
        self._level = level
        self._machine = machine or SoundMachine()
        self._recording: Recording | None = None
        self._xruns = 0
        self._closing = threading.Event()
        self._using = threading.Lock()  # held by whoever uses the card
        self._path = f"alsa:{wanted}" if wanted else "alsa"

    def probe(self) -> Probe:
        """Say which card it is, without opening it."""
        choice, reason = find(self._wanted, SHAPE, self._machine)
        if choice is not None and reason is None:
            reason = held_by(choice, SHAPE.direction, self._machine)
        if reason is not None:
            return Probe(str(choice or "no microphone"), reason.wrong, reason.cure)
        return Probe(str(choice))

    def open(self) -> None:
        """
        Begin to listen.

        Raises:
            DeviceError: If it is open already, absent, busy, not permitted, or
                cannot be used.

        """
        with self._using:
            if self._recording is not None:
                raise DeviceError("microphone", self._path, "busy: opened already")
            opened = open_pcm(self._wanted, SHAPE, self._machine)
            try:
                if self._level is not None:
                    set_level(opened, SHAPE.direction, self._level)
                recording = Recording(opened, self._clock, self._machine)
            except DeviceError:
                opened.close()
                raise
            self._path = opened.choice.name
            self._closing.clear()
            self._recording = recording

    @property
    def is_open(self) -> bool:
        """Whether the card is open right now."""
        return self._recording is not None

    @property
    def xruns(self) -> int:
        """How often sound was lost since ``open``; stays until the next one."""
        recording = self._recording
        return self._xruns if recording is None else recording.xruns

    def read(self) -> Period:
        """
        Return the next 20 ms; blocks until they have passed.

        Raises:
            DeviceStalled: If the card gave nothing for half a second.
            DeviceError: If it is not open, closed meanwhile, or unplugged.

        """
        begun = self._clock.now()
        while True:
            looked_at = self._clock.now()
            with self._using:
                recording = self._recording
                if recording is None:
                    closed = self._closing.is_set()
                    wrong = "closed while it was read" if closed else "not open"
                    raise DeviceError("microphone", self._path, wrong)
                period = recording.take()
                if period is not None:
                    return period
                wait_s = recording.wait_s()
            # a thread that was held up looks once more before it blames the card
            if looked_at - max(begun, recording.alive_at) >= STALL_S * 1_000_000:
                raise DeviceStalled("microphone", self._path, STALL_S)
            wait_shortly(self._closing, wait_s)

    def close(self) -> None:
        """Stop listening; a blocked ``read`` raises."""
        self._closing.set()
        with self._using:
            if self._recording is not None:
                self._xruns = self._recording.xruns
                self._recording.close()
            self._recording = None
