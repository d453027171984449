"""
Where a card is, and since when: its pointer and the stamp that belongs to it.

pyalsaaudio has no ``delay()``.  The pointer tells what is in the card's buffer; what
a driver keeps beyond that (USB has some milliseconds on the wire) is only to be had
from ``/proc/asound``, and is looked up there once a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kiosk.alsa.cards import Direction
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.pcm import OpenPcm
from kiosk.ports import Clock, Micros


_STALE_US = 1_000_000  # an older stamp is no stamp of this clock
_EARLY_US = 5_000
_LOOK_US = 1_000_000
_DELAY = re.compile(r"^delay\s*:\s*(-?\d+)\s*^avail\s*:\s*(\d+)", re.MULTILINE)
_MOST_DELAY_US = 500_000


@dataclass(frozen=True, slots=True)
class Pointer:
    """
    What a card said of itself.

    Attributes:
        avail: Samples that can be read, or for which there is room.
        at: When that was so.

    """

    avail: int
    at: Micros


class CardPointer:
    """The pointer of one open card. Not thread-safe."""

    def __init__(
        self, opened: OpenPcm, direction: Direction, clock: Clock, machine: SoundMachine
    ) -> None:
        self._opened = opened
        self._direction = direction
        self._clock = clock
        self._status = _status_file(opened, direction, machine)
        self._looked_at: Micros | None = None
        self._beyond_us = 0.0

    def look(self) -> Pointer:
        """Return where the card is; a stamp that makes no sense is now."""
        seconds, nanos, avail = self._opened.pcm.htimestamp()
        now = self._clock.now()
        at = Micros(seconds * 1_000_000 + nanos // 1000)
        if not now - _STALE_US <= at <= now + _EARLY_US:
            at = now
        return Pointer(max(0, min(avail, self._opened.buffer)), at)

    def beyond_us(self) -> float:
        """Return what the driver keeps beyond the buffer, in microseconds."""
        now = self._clock.now()
        if self._status is None:
            return 0.0
        if self._looked_at is None or now - self._looked_at >= _LOOK_US:
            self._looked_at = now
            self._beyond_us = self._read(self._status)
        return self._beyond_us

    def _read(self, status: Path) -> float:
        try:
            match = _DELAY.search(status.read_text("ascii"))
        except (OSError, ValueError):
            return 0.0
        if match is None:
            return 0.0
        delay, avail = int(match[1]), int(match[2])
        held = avail
        if self._direction is Direction.PLAYBACK:
            held = self._opened.buffer - avail
        beyond = (delay - held) * 1_000_000 / self._opened.rate
        return beyond if 0 < beyond < _MOST_DELAY_US else 0.0


def _status_file(
    opened: OpenPcm, direction: Direction, machine: SoundMachine
) -> Path | None:
    card = opened.choice.card
    if card is None:
        return None
    device = f"card{card.number}/pcm{opened.choice.device}{direction.value}"
    return machine.proc / "asound" / device / f"sub{opened.subdevice}" / "status"
