"""
A sound card that is none: a clock of its own, the air between its loudspeaker and
its microphone, and everything that goes wrong with real ones.

What is played is heard by the same card's microphone at the same moment, as through
``snd-aloop``.  Whoever made it owns its troubles; all of it may be called from any
thread.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE, Clock


Samples = npt.NDArray[np.int16]

_AIR_S = 4


@dataclass(frozen=True, slots=True)
class CardKind:
    """
    What a card can do.

    Attributes:
        rates, channels, formats: That it takes without conversion.
        plays, records: Whether it has such a device.
        substreams: How many may have a device open at once.
        usb_port: Where it is plugged in; empty: it is no USB card.
        driver: Its kernel module.
        granule: Samples between two steps of its pointer.
        beyond_ms: What its driver keeps beyond the buffer.
        controls: Of its mixer.
        has_jack: Whether it can tell if something is in its socket.
        buffer_ms: Of sound that it buffers, whatever it is asked for; 0: as asked.

    """

    rates: Sequence[int] = (44_100, SAMPLE_RATE)
    channels: Sequence[int] = (1, 2)
    formats: Sequence[str] = ("S16_LE",)
    plays: bool = True
    records: bool = True
    substreams: int = 1
    usb_port: str = "1-1.3"
    driver: str = "snd-usb-audio"
    granule: int = 48
    beyond_ms: float = 0.0
    controls: Sequence[str] = ("Speaker", "Mic")
    buffer_ms: int = 0
    has_jack: bool = False


class FakeCard:
    """
    One card, plugged in or not.

    Args:
        clock: Of the machine.
        card_id: Its short name.
        kind: What it can do.
        drift_ppm: How much faster than the machine's clock its own runs.

    Attributes:
        levels: Of its mixer, in percent, by control.
        switched_on: Controls whose sound was switched on.
        short_reads: Whether a read gives a part only, as some cards do.
        forbidden: Whether this process lacks the permission.
        held_by: Another process that has it open, or None.
        hangs_s: After how long it refuses to be opened, as it hangs; 0: it does not.
        n_hung: How often it was tried while it hung.
        is_there: Whether it is plugged in; change it by ``FakeSound``.
        is_jack_in: Whether something is in its socket.
        hides_jack: Whether this process may not look.
        converts: Whether ALSA can convert for it; some cards have no such form.
        noise: Of its microphone, the largest sample; in no other is there none.
        is_deaf: Whether its microphone gives one sample again and again.

    """

    def __init__(
        self,
        clock: Clock,
        card_id: str,
        kind: CardKind | None = None,
        *,
        drift_ppm: float = 0.0,
    ) -> None:
        self.id = card_id
        self.kind = kind or CardKind()
        self.levels: dict[str, int] = {}
        self.switched_on: set[str] = set()
        self.short_reads = False
        self.forbidden = False
        self.held_by: int | None = None
        self.hangs_s = 0.0
        self.n_hung = 0
        self.is_there = False
        self.converts = True
        self.is_jack_in = self.hides_jack = False
        self.noise = 0
        self.is_deaf = False
        self._clock = clock
        self._speed = (1 + drift_ppm / 1_000_000) / 1_000_000
        self._epoch: float = clock.now()
        self._stalled_at: float | None = None
        self._xruns = 0
        self._lock = threading.Lock()
        self._air: Samples = np.zeros(_AIR_S * SAMPLE_RATE, np.int16)

    @property
    def xruns_made(self) -> int:
        """How many xruns ``xrun`` made; an open device takes each in."""
        return self._xruns

    def xrun(self) -> None:
        """Let every open device lose what it has in its buffer."""
        self._xruns += 1

    def stall(self, *, stalled: bool = True) -> None:
        """Let the card's clock stand still, or go on."""
        with self._lock:
            now = self._clock.now()
            if stalled:
                self._stalled_at = now
            elif self._stalled_at is not None:
                self._epoch += now - self._stalled_at
                self._stalled_at = None

    def pointer(self, rate: int) -> tuple[int, int]:
        """Return the samples since the beginning, and when that count was reached."""
        with self._lock:
            now = self._clock.now() if self._stalled_at is None else self._stalled_at
            passed = (now - self._epoch) * self._speed * rate
            samples = int(passed) // self.kind.granule * self.kind.granule
            return samples, round(self._epoch + samples / (self._speed * rate))

    def play(self, at: int, samples: Samples) -> None:
        """Put samples into the air, from a count of samples on."""
        with self._lock:
            self._air[np.arange(at, at + samples.size) % self._air.size] = samples

    def silence(self, at: int) -> None:
        """Take out of the air what is not heard yet."""
        with self._lock:
            self._air[np.arange(at, at + SAMPLE_RATE) % self._air.size] = 0

    def hear(self, at: int, n_samples: int) -> Samples:
        """Return what was in the air, from a count of samples on."""
        counts = np.arange(at, at + n_samples)
        with self._lock:
            heard = self._air[counts % self._air.size]
        if self.is_deaf:
            return np.zeros_like(heard)
        if self.noise:
            heard += (counts * 7_919 % (2 * self.noise + 1) - self.noise).astype("<i2")
        return heard
