"""
The audible clock: a tone burst at every whole half second of CLOCK_MONOTONIC.

A microphone plays the bursts, whoever hears them knows when they were "said":
the latency is the onset's time modulo 500 ms.  Several speakers in one room
use different frequencies, multiples of 100 Hz; the meter's 10 ms window is
blind to every other multiple of 100 Hz.  Pure arithmetic, no clock, no device.
"""

from __future__ import annotations

from collections import deque
from math import gcd
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE, Micros


KIOSK_HZ, AGENT_HZ = 1000, 700

CYCLE_US = 500_000
CYCLE = SAMPLE_RATE * CYCLE_US // 1_000_000
"""Samples from one onset to the next."""

BURST_MS, RAMP_MS = 60, 5
AMPLITUDE = 0.25
"""Of full scale: -12 dBFS."""

WINDOW = SAMPLE_RATE // 100
"""Samples the meter averages over: 10 ms."""

LOOK = SAMPLE_RATE * 80 // 1000
"""Samples after an onset that the meter waits for, to see the whole burst."""

LENGTH_MS = (50, 70)
"""A sound at our frequency of another length is no burst: another speaker's
burst leaks 10 ms at its edges, a concealed gap cuts ours."""

FLOOR = 0.01
"""Amplitude below which nothing is a burst: -40 dBFS."""

_QUIET_ENERGY = WINDOW * (FLOOR / 4) ** 2
"""Sum of squares of a window and a block whose envelope stays below half of
:data:`FLOOR`, whatever they are (Cauchy and Schwarz)."""

_LOOKED_AT = SAMPLE_RATE // 10
_GAP_US = 500  # the clock of a sound card runs 0.1 % off at most

EARLY_MS = 20.0
"""An onset so little before the half second is an early one, not a late one."""

SILENCE_DBFS = -120.0

Pcm = npt.NDArray[np.int16]

Signal = npt.NDArray[np.float64]


class SoundSource(Protocol):
    """Something that sounds: gives PCM for any moment."""

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        """Return the samples from ``period_start`` on."""
        ...


class ToneSource:
    """A steady sine; its phase is a function of time alone."""

    def __init__(self, frequency: int = KIOSK_HZ, amplitude: float = AMPLITUDE) -> None:
        self.frequency = frequency
        # whole Hertz: one second holds whole waves and can be repeated
        self._second = s16(amplitude * _sine(frequency, SAMPLE_RATE))

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        """Return the samples from ``period_start`` on."""
        return cut(self._second, period_start, n_samples)


class BeepSource:
    """
    Tone bursts of 60 ms, one at every whole half second.

    Args:
        frequency: In Hertz, a multiple of 100.
        amplitude: Of full scale.

    """

    def __init__(self, frequency: int = KIOSK_HZ, amplitude: float = AMPLITUDE) -> None:
        self.frequency = frequency
        burst = SAMPLE_RATE * BURST_MS // 1000
        ramp = SAMPLE_RATE * RAMP_MS // 1000
        shape = np.ones(burst)
        shape[:ramp] = np.arange(ramp) / ramp
        shape[-ramp:] = shape[:ramp][::-1]
        cycle = np.zeros(CYCLE)
        cycle[:burst] = amplitude * shape * _sine(frequency, burst)
        self._cycle = s16(cycle)

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        """Return the samples from ``period_start`` on."""
        return cut(self._cycle, period_start, n_samples)


class BeepMeter:
    """
    Finds the onsets of bursts in what is played and says how late they are.

    The signal is shifted down by the frequency and averaged over 10 ms; an
    onset is where that envelope passes half of the burst's level.  Through
    AAC it is true to 3 ms.

    Args:
        frequency: Of the bursts to look for, in Hertz.

    """

    DELAY = (WINDOW + SAMPLE_RATE * RAMP_MS // 1000) // 2
    """Samples from the true onset to half level: middle of window and ramp."""

    def __init__(self, frequency: int = AGENT_HZ) -> None:
        self.frequency = frequency
        self._fed = 0  # samples
        whole_turns = np.arange(SAMPLE_RATE // gcd(frequency, SAMPLE_RATE))
        self._turns = np.exp(-2j * np.pi * frequency / SAMPLE_RATE * whole_turns)
        self._times: deque[tuple[int, Micros]] = deque(maxlen=64)
        self._tail = np.zeros(WINDOW)  # what the window still reaches back to
        self._tail_energy = 0.0  # sum of its squares, or more
        self._envelope = np.zeros(0)  # not yet judged; ends at the sample _fed
        self._armed = False  # a burst already sounding has no onset
        self._squares: deque[tuple[float, int]] = deque()
        self._level_samples = 0

    @property
    def level_dbfs(self) -> float:
        """RMS of the last half second against full scale; -120 is silence."""
        if not self._level_samples:
            return SILENCE_DBFS
        power = sum(s for s, _ in self._squares) / self._level_samples
        return max(SILENCE_DBFS, 10 * float(np.log10(power + 1e-30)))

    def feed(self, pcm: bytes, heard_at: Micros) -> tuple[float, ...]:
        """
        Take in what is played and return the latencies of onsets found in it.

        An onset is reported 80 ms after it was heard; damaged bursts are not.

        Args:
            pcm: Signed 16 bit little endian mono.
            heard_at: When its first sample is heard.

        Returns:
            Milliseconds from the half second to the onset, -20 to 480.

        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
        if not samples.size:
            return ()
        energy = float(samples @ samples)
        self._weigh(energy, samples.size)
        self._times.append((self._fed, heard_at))
        if self._passes_quietly(samples, energy):
            return ()
        amplitudes = self._rectified(samples)
        self._envelope = np.concatenate((self._envelope, amplitudes))
        self._fed += samples.size
        return self._onsets()

    def _weigh(self, energy: float, n_samples: int) -> None:
        self._squares.append((energy, n_samples))
        self._level_samples += n_samples
        while self._level_samples - self._squares[0][1] >= CYCLE:
            self._level_samples -= self._squares.popleft()[1]

    def _passes_quietly(self, samples: Signal, energy: float) -> bool:
        """Take in a pause, as ``_rectified`` and ``_onsets`` would; False if none."""
        before, is_whole = self._tail_energy, samples.size >= WINDOW
        self._tail_energy = energy if is_whole else before + energy
        if not is_whole or self._envelope.size or before + energy >= _QUIET_ENERGY:
            return False
        self._tail = samples[-WINDOW:]
        self._fed += samples.size
        self._armed = True
        return True

    def _rectified(self, samples: Signal) -> Signal:
        """Return the amplitude at our frequency, over the window that ends there."""
        line = np.concatenate((self._tail, samples))
        self._tail = line[-WINDOW:]
        first = (self._fed - WINDOW) % self._turns.size
        index = np.arange(first, first + line.size) % self._turns.size
        sums = np.cumsum(line * self._turns[index])
        envelope: Signal = np.abs(sums[WINDOW:] - sums[:-WINDOW]) * 2 / WINDOW
        return envelope

    def _onsets(self) -> tuple[float, ...]:
        found: list[float] = []
        while self._envelope.size:
            first = self._fed - self._envelope.size
            edge = self._envelope > FLOOR if self._armed else self._envelope < FLOOR / 2
            start = int(np.argmax(edge))
            if not edge[start]:
                self._envelope = self._envelope[:0]
            elif not self._armed:
                self._armed = True
                self._envelope = self._envelope[start:]
            elif self._envelope.size - start < LOOK:
                break
            else:
                half = _burst_in(self._envelope[start : start + LOOK])
                if half is not None:
                    found.append(self._latency_ms(first + start + half - self.DELAY))
                self._envelope = self._envelope[start + WINDOW :]
                self._armed = False
        return tuple(found)

    def _latency_ms(self, sample: int) -> float:
        at = self._times[0]
        for begin in self._times:
            if begin[0] > sample:
                break
            at = begin
        heard_at = at[1] + (sample - at[0]) * 1_000_000 / SAMPLE_RATE
        latency = heard_at % CYCLE_US / 1000
        return latency if latency < CYCLE_US / 1000 - EARLY_MS else latency - 500


class UnhurriedMeter:
    """
    A meter that looks ten times a second, at all that came meanwhile.

    What it finds is the same, at a tenth of the cost.

    Args:
        frequency: Of the bursts to look for, in Hertz.

    """

    def __init__(self, frequency: int = AGENT_HZ) -> None:
        self._meter = BeepMeter(frequency)
        self._waiting: list[bytes] = []
        self._n_waiting = 0
        self._begin = Micros(0)

    @property
    def level_dbfs(self) -> float:
        """RMS of the last half second that was looked at."""
        return self._meter.level_dbfs

    def feed(self, pcm: bytes, heard_at: Micros) -> tuple[float, ...]:
        """Take in what is played, as :meth:`BeepMeter.feed`."""
        found: tuple[float, ...] = ()
        due = self._begin + self._n_waiting * 1_000_000 / SAMPLE_RATE
        if self._waiting and abs(heard_at - due) > _GAP_US:
            found = self.look()
        if not self._waiting:
            self._begin = heard_at
        self._waiting.append(pcm)
        self._n_waiting += len(pcm) // 2
        return found + self.look() if self._n_waiting >= _LOOKED_AT else found

    def look(self) -> tuple[float, ...]:
        """Look at once at what waits; returns the latencies found."""
        if not self._waiting:
            return ()
        pcm = b"".join(self._waiting)
        self._waiting.clear()
        self._n_waiting = 0
        return self._meter.feed(pcm, self._begin)


def _burst_in(envelope: Signal) -> int | None:
    """Return where a burst passes half its level, if it is a whole burst."""
    loud = np.flatnonzero(envelope >= envelope.max() / 2)
    length_ms = (int(loud[-1]) - int(loud[0])) * 1000 / SAMPLE_RATE
    whole = LENGTH_MS[0] <= length_ms <= LENGTH_MS[1] and loud.size > LENGTH_MS[0] * 48
    return int(loud[0]) if whole else None


def _sine(frequency: int, n_samples: int) -> Signal:
    return np.sin(2 * np.pi * frequency * np.arange(n_samples) / SAMPLE_RATE)


def s16(samples: Signal) -> Pcm:
    """Return samples of full scale 1 as PCM."""
    return np.rint(samples * 32767).astype(np.int16)


def cut(loop: Pcm, period_start: Micros, n_samples: int) -> Pcm:
    """Return samples of an endlessly repeated ``loop`` that began at time 0."""
    # 48 samples a millisecond: exact in integers
    first = round(period_start * (SAMPLE_RATE // 1000) / 1000) % loop.size
    if first + n_samples <= loop.size:
        return loop[first : first + n_samples]
    # not take(mode="wrap"): it subtracts in a loop, 0.8 ms a period after an hour
    return loop[np.arange(first, first + n_samples) % loop.size]
