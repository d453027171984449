"""
A card that is being recorded from: periods of 20 ms with the time of their first
sample. Never blocks; whoever reads is told how long to wait.

1. An xrun is a *length* of -32 for pyalsaaudio 0.11, and for 0.10 mostly nothing at
   all: the card's state is looked at before each read, so that each is counted.
2. After one, what was half read is thrown away: the next period begins fresh.
3. A card that gives nothing but xruns is broken: the third in a row is an error.
"""

from __future__ import annotations

import errno

from kiosk.alsa.card_time import CardTime
from kiosk.alsa.cards import Direction
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.pcm import OpenPcm
from kiosk.alsa.pointer import CardPointer
from kiosk.alsa.reasons import is_about
from kiosk.codec.pacing import LISTEN_PERIOD
from kiosk.codec.rate_change import RateChange
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Clock, Period


LEARNING_MS = 60
"""So much is thrown away when a card is opened: its stamps are learned from it, and the
crackle is gone that many cards begin with."""

XRUNS_IN_A_ROW = 3
_PERIOD_BYTES = 2 * LISTEN_PERIOD
_SHORTEST_S, _LONGEST_S = 0.002, 0.05


class Recording:
    """
    One open card. One thread.

    Attributes:
        xruns: How often sound was lost because nobody read it.
        alive_at: When the card gave a sign of life last: sound, or that it lost some.

    """

    def __init__(self, opened: OpenPcm, clock: Clock, machine: SoundMachine) -> None:
        self.xruns = 0
        self.alive_at = clock.now()
        self._opened = opened
        self._clock = clock
        self._pointer = CardPointer(opened, Direction.CAPTURE, clock, machine)
        self._in_a_row = 0
        self._idle_s = _SHORTEST_S
        self._due_at: float | None = None
        self._learning = LEARNING_MS * opened.rate // 1000
        self._begin()
        self._read()  # starts the card

    def take(self) -> Period | None:
        """
        Return a period if it is complete, having read what there was.

        Raises:
            DeviceError: The card is gone, or broken.

        """
        if len(self._pending) < _PERIOD_BYTES:
            self._read()
        if len(self._pending) < _PERIOD_BYTES:
            return None
        pcm = bytes(self._pending[:_PERIOD_BYTES])
        del self._pending[:_PERIOD_BYTES]
        lasts_us = LISTEN_PERIOD * 1_000_000 // SAMPLE_RATE
        place_us = self._us(self._first) + self._given * 1_000_000 / SAMPLE_RATE
        self._time.was_captured(place_us + lasts_us, self._clock.now())
        self._given += LISTEN_PERIOD
        return Period(pcm, self._time.after(place_us))

    def wait_s(self) -> float:
        """Return how long to wait before it is worth while to take again."""
        if self._due_at is not None:
            due_s = (self._due_at - self._clock.now()) / 1_000_000
            self._due_at = None
            if due_s > _SHORTEST_S:
                return min(due_s, _LONGEST_S)
        idle_s = self._idle_s
        self._idle_s = min(_LONGEST_S, 2 * idle_s)
        return idle_s

    def close(self) -> None:
        """Let go of the card."""
        self._opened.close()

    def _begin(self) -> None:
        """Forget all that hangs together with what was read before."""
        self._pending = bytearray()
        self._change = RateChange(self._opened.rate, SAMPLE_RATE)
        self._time = CardTime()
        self._began_at = self.alive_at = self._clock.now()
        self._taken = 0  # samples of the card, of which the first has place 0
        self._first = 0  # of them was kept
        self._given = 0  # samples of ours

    def _read(self) -> None:
        opened = self._opened
        try:
            was_lost = opened.pcm.state() == opened.library.PCM_STATE_XRUN
            length, samples = opened.pcm.read()
        except opened.library.ALSAAudioError as exc:
            if not is_about(exc, errno.EPIPE):
                raise opened.failure("microphone", exc) from exc
            was_lost, length, samples = True, 0, b""
        if was_lost or length < 0:
            self._lose(length)
        if length > 0:
            self._keep(samples, length)
        else:
            self._expect()

    def _lose(self, length: int) -> None:
        if length < 0 and length != -errno.EPIPE:
            raise DeviceError("microphone", self._opened.choice.name, f"code {length}")
        self.xruns += 1
        self._in_a_row += 1
        self._learning = 0  # every sample counts now
        self._begin()
        if self._in_a_row >= XRUNS_IN_A_ROW:
            raise DeviceError(
                "microphone",
                self._opened.choice.name,
                f"it loses all sound ({self._in_a_row} xruns in a row); plug it out "
                "and in, or use another USB port",
            )

    def _keep(self, samples: bytes, length: int) -> None:
        self._in_a_row = 0
        self._idle_s = _SHORTEST_S
        self.alive_at = self._clock.now()
        lasts_us = self._us(length)
        origin = self._stamped(lasts_us) - self._us(self._taken)
        self._taken += length
        if self._taken <= self._learning:
            self._time.learn(origin)
            self._first = self._taken
        else:
            self._time.follow(origin, lasts_us)
            self._pending += self._change.convert(samples)
        self._expect()

    def _stamped(self, lasts_us: float) -> float:
        """Return when what was just read began, as the card says."""
        pointer = self._pointer.look()
        begun_at = pointer.at - self._us(pointer.avail) - lasts_us
        begun_at -= self._pointer.beyond_us()
        return min(max(begun_at, self._began_at), self._clock.now() - lasts_us)

    def _us(self, n_samples: int) -> float:
        return n_samples * 1_000_000 / self._opened.rate

    def _expect(self) -> None:
        """Work out when a period will be complete."""
        lacking = (_PERIOD_BYTES - len(self._pending)) // 2
        if lacking <= 0:
            self._due_at = None
            return
        pointer = self._pointer.look()
        lacking_us = lacking * 1_000_000 / SAMPLE_RATE
        self._due_at = pointer.at - self._us(pointer.avail) + lacking_us
