"""
Arithmetic of devices that keep real time: when a picture or period is due.

Pure: the caller has the clock and does the waiting.  One object belongs to one
thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ports import SAMPLE_RATE, Micros


PERIOD_MS = 10
PERIOD = SAMPLE_RATE * PERIOD_MS // 1000
"""Samples in a period, where nothing else is said."""

LISTEN_PERIOD = 2 * PERIOD
"""Samples in a period of our microphones, and in a packet of Opus: read in halves
it would leave no sooner, and wake the thread twice."""


def duration_us(n_samples: int) -> float:
    """Return how long so many samples last."""
    return n_samples * 1_000_000 / SAMPLE_RATE


class PictureClock:
    """
    When the next picture of a steady camera is due.

    Args:
        start: When the first one is.
        picture_rate: Pictures per second.

    """

    def __init__(self, start: Micros, picture_rate: float) -> None:
        self._start = start
        self._period = 1_000_000 / picture_rate
        self._count = 0

    def wait_s(self, now: Micros) -> float:
        """
        Return the seconds until the next picture and count it.

        A camera that was held up leaves pictures out; it does not catch up.
        """
        late = (now - self._start) / self._period - self._count
        if late > 1:
            self._count += int(late)
        due = self._start + self._count * self._period
        self._count += 1
        return max(0.0, (due - now) / 1_000_000)


class RateLimit:
    """
    Lets events through, evenly spread and at most so many per second.

    Args:
        rate: Per second.

    """

    def __init__(self, rate: float) -> None:
        self._period = 1_000_000 / rate
        self._due: float | None = None

    def change(self, rate: float) -> None:
        """Keep to another rate, counted from the event that passed last."""
        period = 1_000_000 / rate
        if self._due is not None:
            self._due += period - self._period
        self._period = period

    def allows(self, at: Micros) -> bool:
        """Say whether the event at ``at`` may pass, and count it if so."""
        if self._due is None:
            self._due = at
        # an eighth early is jitter of a device that runs at just this rate
        if at < self._due - self._period / 8:
            return False
        self._due = max(self._due, at - self._period) + self._period
        return True


class CapturePeriods:
    """
    The periods of a microphone whose reader may be late.

    Args:
        start: When the first sample was taken.
        n_samples: In a period.
        backlog_us: What the device keeps for a late reader; older is lost.
        drift_ppm: How much faster than our clock the device records.

    """

    def __init__(
        self,
        start: Micros,
        n_samples: int = PERIOD,
        backlog_us: int = 80_000,
        drift_ppm: float = 0.0,
    ) -> None:
        self.xruns = 0
        self.lost_samples = 0
        self._start = start
        self._n_samples = n_samples
        self._backlog_us = backlog_us
        self._speed = 1 + drift_ppm / 1_000_000
        self._taken = 0

    def wait_s(self, now: Micros) -> float:
        """Return the seconds until the next period is complete."""
        due = self._start + self._duration_us(self._taken + self._n_samples)
        return max(0.0, (due - now) / 1_000_000)

    def take(self, now: Micros) -> Micros:
        """Return when the period to be read now began; counts what was lost."""
        level_us = now - self._start - self._duration_us(self._taken)
        period_us = self._duration_us(self._n_samples)
        if level_us > self._backlog_us + period_us:
            # as ALSA after an xrun: everything waiting is gone
            periods = int(level_us // period_us) - 1
            self.xruns += 1
            self.lost_samples += periods * self._n_samples
            self._taken += periods * self._n_samples
        begin = self._start + self._duration_us(self._taken)
        self._taken += self._n_samples
        return Micros(round(begin))

    def _duration_us(self, n_samples: int) -> float:
        return duration_us(n_samples) / self._speed


@dataclass(frozen=True, slots=True)
class Queued:
    """
    A period in the buffer of a speaker.

    Attributes:
        heard_at: When its first sample is heard.
        silence: Samples of silence heard before it because the buffer ran dry.

    """

    heard_at: Micros
    silence: int


class SpeakerBuffer:
    """
    The buffer inside a speaker device, as ALSA's: it drains in real time.

    Args:
        buffer_us: What it holds.
        drift_ppm: How much faster than our clock the device plays.

    """

    def __init__(self, buffer_us: int = 40_000, drift_ppm: float = 0.0) -> None:
        self.underruns = 0
        self._buffer_us = buffer_us
        self._speed = 1 + drift_ppm / 1_000_000
        self._empty_at: float | None = None

    def wait_s(self, now: Micros, n_samples: int) -> float:
        """Return the seconds until so many samples find room."""
        if self._empty_at is None:
            return 0.0
        last_us = duration_us(n_samples) / self._speed
        room_at = self._empty_at + last_us - max(self._buffer_us, last_us)
        return max(0.0, (room_at - now) / 1_000_000)

    def put(self, now: Micros, n_samples: int) -> Queued:
        """Take in so many samples; there must be room."""
        silence = 0
        if self._empty_at is None:
            self._empty_at = now
        elif self._empty_at < now:
            self.underruns += 1
            silence = round((now - self._empty_at) * SAMPLE_RATE / 1_000_000)
            self._empty_at = now
        heard_at = self._empty_at
        self._empty_at += duration_us(n_samples) / self._speed
        return Queued(Micros(round(heard_at)), silence)
