"""
A card that is being played on: what was written, and when it is heard. Never
blocks; whoever writes is told how long to wait.

1. A card may buffer a second; here never more than :data:`AHEAD_US` waits in it, or two
   of its periods where those are longer: what waits there is delay of the call.
2. An underrun is -32 as a length (pyalsaaudio 0.11) or an error (0.10), and the card's
   state tells it before either does.  It is counted once, and playing goes on.
3. The moment told is that of the ear: the card's pointer, what the driver keeps beyond
   it, and the samples between.  It moves evenly, but for an underrun.
"""

from __future__ import annotations

import errno

from kiosk.alsa.cards import Direction
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.pcm import OpenPcm
from kiosk.alsa.pointer import CardPointer
from kiosk.alsa.reasons import is_about
from kiosk.codec.capture_time import CaptureTime
from kiosk.codec.rate_change import RateChange
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Clock, Micros


AHEAD_US = 80_000
_SHORTEST_S, _LONGEST_S = 0.001, 0.05


class Playing:
    """
    One open card. One thread.

    Attributes:
        underruns: How often the card had nothing to play.
        alive_at: When the card took something last, or said that it ran dry.

    """

    def __init__(self, opened: OpenPcm, clock: Clock, machine: SoundMachine) -> None:
        self.underruns = 0
        self.alive_at = clock.now()
        self._opened = opened
        self._clock = clock
        self._pointer = CardPointer(opened, Direction.PLAYBACK, clock, machine)
        self._ahead = max(round(AHEAD_US * opened.rate / 1_000_000), 2 * opened.period)
        self._idle_s = _SHORTEST_S
        self._is_dry = False
        self._waiting = b""
        self._new = 0  # samples of ours in what is being written
        self._started_at = clock.now()
        self._told_until = 0.0
        self._begin()

    def put(self, pcm: bytes) -> None:
        """Take in a period that is to be written; the one before it was."""
        self._waiting = self._change.convert(pcm)
        self._new = len(pcm) // 2
        if not self._written:
            self._started_at = self._clock.now()

    def push(self) -> bool:
        """
        Write what finds room; True when all of the period is in the card.

        Raises:
            DeviceError: The card is gone, or broken.

        """
        if self._waiting:
            self._write()
        return not self._waiting

    def heard_at(self) -> Micros:
        """Return when the first sample of the period will be heard; once for each."""
        self._time.take(Micros(round(self._by_the_card())), self._new)
        told = self._time.of(self._told)
        self._told += self._new
        self._told_until = told + self._new * 1_000_000 / SAMPLE_RATE
        return told

    def _by_the_card(self) -> float:
        """Return when the first sample of the period will be heard, as the card says."""
        beyond_us = self._pointer.beyond_us()
        if not self._told:  # a card starts with the first write, and has no stamp yet
            return max(self._started_at + beyond_us, self._told_until)
        rate = self._opened.rate
        pointer = self._pointer.look()
        queued = self._opened.buffer - pointer.avail
        behind = self._written - self._told * rate / SAMPLE_RATE
        heard_at = pointer.at + (queued - behind) * 1_000_000 / rate + beyond_us
        return max(heard_at, float(self._started_at))

    def wait_s(self) -> float:
        """Return how long to wait before there may be room."""
        due_s = self._too_many() / self._opened.rate
        if due_s > _SHORTEST_S:
            return min(due_s, _LONGEST_S)
        idle_s = self._idle_s
        self._idle_s = min(_LONGEST_S, 2 * idle_s)
        return idle_s

    def close(self) -> None:
        """Fall silent at once and let go of the card."""
        self._opened.close()

    def _begin(self) -> None:
        """Forget all that hangs together with what was played before."""
        self._change = RateChange(SAMPLE_RATE, self._opened.rate)
        self._time = CaptureTime(0)
        self._written = 0  # samples of the card
        self._told = 0  # samples of ours

    def _write(self) -> None:
        opened = self._opened
        try:
            if opened.pcm.state() == opened.library.PCM_STATE_XRUN:
                self._run_dry()
            elif not self._has_room():
                return
            if not self._written:
                self._started_at = self._clock.now()
            length = opened.pcm.write(self._waiting)
        except opened.library.ALSAAudioError as exc:
            if not is_about(exc, errno.EPIPE):
                raise opened.failure("speaker", exc) from exc
            length = -errno.EPIPE
        if length == -errno.EPIPE:
            self._run_dry()
        elif length < 0:
            raise DeviceError("speaker", opened.choice.name, f"code {length}")
        elif length > 0:
            self._is_dry = False
            self._idle_s = _SHORTEST_S
            self._written += length
            self.alive_at = self._clock.now()
            self._waiting = self._waiting[2 * length :]

    def _run_dry(self) -> None:
        """Count an underrun, however often the library tells of it."""
        if not self._is_dry:
            self._is_dry = True
            self.underruns += 1
            self.alive_at = self._clock.now()
            self._begin()

    def _has_room(self) -> bool:
        return self._too_many() <= 0

    def _too_many(self) -> float:
        """Return how many samples must have been played before the next find room."""
        pointer = self._pointer.look()
        rate = self._opened.rate
        played = (self._clock.now() - pointer.at) * rate / 1_000_000
        queued = max(0.0, self._opened.buffer - pointer.avail - played)
        return queued + min(len(self._waiting) // 2, self._ahead) - self._ahead
