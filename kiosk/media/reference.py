"""
What the loudspeaker really played, found again by the moment it was heard.

The playout thread writes, the mic thread reads, each at the pace of its own
sound card.  Moments are those the speaker itself told, after its own buffer;
where it ran dry there is silence, as there was in the room.  Two rules:

1. A moment becomes a place among the samples by the newest period that began
   before it; a single period's stamp may be off, so the reader smooths
   (:class:`kiosk.media.clock_follower.ClockFollower`).
2. What is asked for and not there, too old or not yet written, is silence.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE, Micros, Period


KEPT = SAMPLE_RATE
"""Samples kept: the microphone is read at most a tenth of a second late."""

_GAP_US = 2_000  # more between two periods: the speaker ran dry
_BACK_US = 20_000  # time that ran back so far: another speaker, or opened anew
_STAMPS = KEPT // 240  # periods are 5 ms at least

Samples = npt.NDArray[np.float32]


class Reference:
    """The last second of what was played. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ring: Samples = np.zeros(KEPT, np.float32)
        self._end = 0  # samples written since the beginning
        self._ends_at: float | None = None  # when the last one will have been heard
        self._stamps: deque[tuple[int, Micros]] = deque(maxlen=_STAMPS)

    def played(self, period: Period) -> None:
        """Take in a period, stamped with the moment its first sample is heard."""
        fresh = np.frombuffer(period.pcm, "<i2").astype(np.float32)
        with self._lock:
            self._make_room_before(period.captured_at)
            self._stamps.append((self._end, period.captured_at))
            self._write(fresh)
            self._ends_at = period.captured_at + _us(fresh.size)

    def place_of(self, moment: float) -> float | None:
        """Return where among the samples a moment lies; None without any."""
        with self._lock:
            if not self._stamps:
                return None
            known = self._stamps[0]
            for stamp in reversed(self._stamps):
                if stamp[1] <= moment:
                    known = stamp
                    break
            first, heard_at = known
            return first + (moment - heard_at) * SAMPLE_RATE / 1_000_000

    def read(self, place: float, n_samples: int, speed: float) -> bytes:
        """
        Return samples, read between those that were played.

        Args:
            place: Of the first one.
            n_samples: How many.
            speed: Played samples a returned sample.

        """
        where = place + speed * np.arange(n_samples, dtype=np.float64)
        whole = np.floor(where).astype(np.int64)
        first, last = int(whole[0]) - 1, int(whole[-1]) + 2
        line = self._line(first, last + 1)
        at = whole - first
        out = _between(line, at, (where - whole).astype(np.float32))
        return np.clip(np.rint(out), -32768, 32767).astype("<i2").tobytes()

    def _make_room_before(self, heard_at: Micros) -> None:
        """Fill a gap with silence; forget everything when time ran back."""
        if self._ends_at is None:
            return
        gap_us = heard_at - self._ends_at
        if gap_us > _GAP_US:
            silent = min(KEPT, round(gap_us * SAMPLE_RATE / 1_000_000))
            self._write(np.zeros(silent, np.float32))
        elif gap_us < -_BACK_US:
            self._stamps.clear()
            self._ring[:] = 0

    def _write(self, fresh: Samples) -> None:
        kept = fresh[-KEPT:]
        self._end += fresh.size
        place = (self._end - kept.size) % KEPT
        straight = KEPT - place  # the rest goes to the beginning of the ring
        self._ring[place : place + kept.size] = kept[:straight]
        if kept.size > straight:
            self._ring[: kept.size - straight] = kept[straight:]

    def _line(self, first: int, end: int) -> Samples:
        """Return the samples from ``first`` to before ``end``, silence where none."""
        line: Samples = np.zeros(end - first, np.float32)
        with self._lock:
            begin = max(first, self._end - KEPT, 0)
            stop = min(end, self._end)
            if begin < stop:
                line[begin - first : stop - first] = self._ring[
                    np.arange(begin, stop) % KEPT
                ]
        return line


def _between(line: Samples, at: npt.NDArray[np.int64], share: Samples) -> Samples:
    """Read between samples by a cubic through the four around (Lagrange)."""
    before, left, right, after = line[at - 1], line[at], line[at + 1], line[at + 2]
    down, up, far_up = share + 1, share - 1, share - 2
    cubic = -before * share * up * far_up / 6 + left * down * up * far_up / 2
    cubic += after * down * share * up / 6 - right * down * share * far_up / 2
    return cubic.astype(np.float32)


def _us(n_samples: int) -> float:
    return n_samples * 1_000_000 / SAMPLE_RATE
