"""
A room with a loudspeaker and a microphone, each on a clock of its own.

What is played arrives late, bent by the loudspeaker and ringing from the
walls, where the microphone stands; somebody talks there, too.  Everything is
made from what was *heard* when, in real or in made-up time alike.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from kiosk.codec.beep import Pcm
from kiosk.ports import SAMPLE_RATE, Period
from tests.fakes.voices import Sound


RING_S = 0.12
_HERE, _ELSEWHERE = 3, 7
BEND = 1.2
LONGEST_S = 120


class EchoRoom:
    """
    One room.

    Args:
        near: What the microphone hears beside the echo, sample by sample.
        delay_ms: From the moment the speaker tells to the microphone.
        speaker_ppm, microphone_ppm: How much faster than real time they run.
        gain: Of the whole way from loudspeaker to microphone.

    Attributes:
        taken: What the microphone heard so far, full scale 1.
        spoken: How much of that was ``near``.
        places: Where in ``near`` each of these parts began.

    """

    def __init__(
        self,
        near: Sound,
        *,
        delay_ms: float = 0.0,
        speaker_ppm: float = 0.0,
        microphone_ppm: float = 0.0,
        gain: float = 0.7,
    ) -> None:
        self.taken: list[Sound] = []
        self.spoken: list[Sound] = []
        self.places: list[int] = []
        self._near = near
        self._delay_us = delay_ms * 1_000
        self._speaker_rate = SAMPLE_RATE * (1 + speaker_ppm / 1e6) / 1e6
        self._microphone_rate = SAMPLE_RATE * (1 + microphone_ppm / 1e6) / 1e6
        self._walls = gain * _walls()
        self._noise = np.random.default_rng(5)
        self._echo = np.zeros(LONGEST_S * SAMPLE_RATE)
        self._lock = threading.Lock()
        self._played = 0
        self._began_at: float | None = None
        self._listens_at: float | None = None
        self._heard = 0

    def move(self, gain: float) -> None:
        """Put the loudspeaker somewhere else: what is played from now on rings otherwise."""
        with self._lock:
            self._walls = gain * _walls(_ELSEWHERE)

    def play(self, period: Period) -> None:
        """Let the room ring of a period."""
        dry = np.frombuffer(period.pcm, "<i2") / 32768
        rings = _convolved(np.tanh(BEND * dry) / BEND, self._walls)
        with self._lock:
            if self._began_at is None:
                self._began_at = float(period.captured_at)
            place = (period.captured_at - self._began_at) * self._speaker_rate
            if place - self._played > SAMPLE_RATE / 1_000:  # it ran dry meanwhile
                self._played = round(place)
            self._echo[self._played : self._played + rings.size] += rings
            self._played += dry.size

    def hear(self, now_us: float, n_samples: int) -> Pcm:
        """Return what the microphone takes next; it began at the first ``now_us``."""
        if self._listens_at is None:
            self._listens_at = now_us
        self._skip_what_was_lost(now_us - self._listens_at)
        index = self._heard + np.arange(n_samples)
        moments = self._listens_at + index / self._microphone_rate
        sound = self._echo_at(moments - self._delay_us)
        spoken = self._near[np.minimum(index, self._near.size - 1)]
        sound += spoken
        sound += 0.0005 * self._noise.standard_normal(n_samples)
        self.places.append(self._heard)
        self._heard += n_samples
        self.taken.append(sound)
        self.spoken.append(spoken)
        pcm: Pcm = np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)
        return pcm

    def _skip_what_was_lost(self, since_us: float) -> None:
        """Leave out what nobody read in time; a stamp alone may tremble."""
        lost = since_us * self._microphone_rate - self._heard
        if lost > SAMPLE_RATE / 200:
            self._heard += round(lost)

    def _echo_at(self, moments: Sound) -> Sound:
        if self._began_at is None:
            return np.zeros(moments.size)
        where = (moments - self._began_at) * self._speaker_rate
        if where[0] < 2 or where[-1] > self._echo.size - 3:
            return np.zeros(moments.size)
        with self._lock:
            return _windowed_sinc(self._echo, where)


def in_time(parts: Sequence[Sound], places: Sequence[int]) -> Sound:
    """Join parts, with silence where sound was lost between them."""
    line = np.zeros(places[-1] + parts[-1].size)
    for part, place in zip(parts, places, strict=True):
        line[place : place + part.size] = part
    return line


def level_db(sound: Sound) -> float:
    """Return the power of a sound in decibels of full scale."""
    return float(10 * np.log10(np.mean(sound * sound) + 1e-12))


def likeness(wanted: Sound, got: Sound, most_ms: int = 40) -> tuple[float, float]:
    """
    Compare a sound with what became of it, which may come a little later.

    Returns:
        The correlation, and the gain in decibels of what is alike.

    """
    n = min(wanted.size, got.size)
    size = 1 << (2 * n - 1).bit_length()
    cross = np.fft.irfft(
        np.fft.rfft(got[:n], size) * np.conj(np.fft.rfft(wanted[:n], size))
    )
    late = int(np.argmax(cross[: most_ms * SAMPLE_RATE // 1000]))
    one, other = wanted[: n - late], got[late:n]
    gain = float(one @ other) / float(one @ one)
    correlation = float(np.corrcoef(one, other)[0, 1])
    return correlation, 20 * float(np.log10(max(gain, 1e-6)))


def _walls(place: int = _HERE) -> Sound:
    """Return a decaying impulse response of unit energy, the direct way first."""
    random = np.random.default_rng(place)
    n_samples = round(RING_S * SAMPLE_RATE)
    decay = np.exp(-np.arange(n_samples) / (0.015 * SAMPLE_RATE))
    walls = random.standard_normal(n_samples) * decay
    walls[0] = 3.0
    return walls / float(np.sqrt(np.sum(walls * walls)))


def _convolved(sound: Sound, walls: Sound) -> Sound:
    n_samples = sound.size + walls.size - 1
    size = 1 << n_samples.bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(walls, size)
    return np.fft.irfft(product, size)[:n_samples]


def _windowed_sinc(line: Sound, where: Sound, reach: int = 8) -> Sound:
    """Read between samples; far more exactly than the product does."""
    whole = np.floor(where).astype(np.int64)
    share = where - whole
    out = np.zeros(where.size)
    for tap in range(1 - reach, reach + 1):
        x = tap - share
        window = 0.5 + 0.5 * np.cos(np.pi * x / (reach + 1))
        places = np.clip(whole + tap, 0, line.size - 1)
        out += line[places] * np.sinc(x) * window
    return out
