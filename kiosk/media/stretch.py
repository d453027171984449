"""
Decoded sound that is read a little faster or slower than it was recorded.

Speed is changed by linear resampling: at the few per mille that the playout
needs it cannot be heard, and it costs microseconds.  Joins are cross-faded,
gaps are filled with noise as quiet as the quietest moment so far, so that
silence does not sound like a dead line.  Knows no time but the stream's own.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE


Pcm = npt.NDArray[np.float32]
"""Samples between -32768 and 32767."""

FADE = SAMPLE_RATE // 200
"""Samples of a fade: 5 ms."""

_QUIET_PEAK = 100.0  # -50 dBFS
_NOISE_MOST = 30.0  # RMS: -61 dBFS
_NOISE_LEAST = 1.0


def to_us(samples: float) -> int:
    """Return how long so many samples sound, in microseconds."""
    return round(samples * 1_000_000 / SAMPLE_RATE)


class Stretch:
    """Decoded and not yet played sound of one stream. Not thread-safe."""

    def __init__(self) -> None:
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._at = 0.0  # read position within _pcm
        self._anchor = (0, 0)  # sample index, and its pts in microseconds
        self._outgoing: Pcm | None = None
        self._is_gap = False

    @property
    def held_us(self) -> int:
        """How long what is held sounds."""
        return to_us(max(0.0, self._pcm.size - self._at))

    def push(self, pcm: bytes, pts_us: int) -> None:
        """Add decoded sound: signed 16 bit mono, and when it begins."""
        fresh = np.frombuffer(pcm, "<i2").astype(np.float32)
        if self._is_gap:
            self._is_gap = False
            fresh = _ramped(fresh, rising=True)
        self._append(fresh, pts_us)

    def push_gap(self, noise: Pcm, pts_us: int) -> None:
        """Add noise in place of sound that could not be decoded, faded into."""
        if not self._is_gap:
            done = int(self._at)
            self._pcm = np.concatenate(
                (self._pcm[:done], _ramped(self._pcm[done:], rising=False))
            )
        self._is_gap = True
        self._append(noise, pts_us)

    def _append(self, fresh: Pcm, pts_us: int) -> None:
        done = int(self._at)
        rest = self._pcm[done:]
        self._at -= done
        self._anchor = (rest.size, pts_us)
        self._pcm = np.concatenate((rest, fresh)) if rest.size else fresh

    def can_pull(self, n_samples: int, speed: float) -> bool:
        """Whether so much is held."""
        return self._pcm.size >= self._last_needed(n_samples, speed) + 1

    def is_quiet(self, n_samples: int, speed: float) -> bool:
        """Whether that pull would give next to silence."""
        first = int(self._at)
        ahead = self._pcm[first : self._last_needed(n_samples, speed) + 2]
        return bool(np.max(np.abs(ahead), initial=0.0) < _QUIET_PEAK)

    def pull(self, n_samples: int, speed: float) -> tuple[Pcm, int]:
        """Return samples and the pts of the first; ``can_pull`` must be true."""
        index, pts_us = self._anchor
        pts_us += to_us(self._at - index)
        if speed == 1.0:
            first = round(self._at)
            out = self._pcm[first : first + n_samples]
            self._at = first + n_samples
        else:
            where = self._at + speed * np.arange(n_samples, dtype=np.float64)
            whole = where.astype(np.int64)
            share = (where - whole).astype(np.float32)
            left, right = self._pcm[whole], self._pcm[whole + 1]
            out = (left + (right - left) * share).astype(np.float32)
            self._at += speed * n_samples
        return self._joined(out), pts_us

    def cut(self) -> None:
        """Forget what is held; the next pull fades over from it."""
        first = int(self._at)
        tail = self._pcm[first : first + FADE]
        self._outgoing = tail if tail.size else None
        self.clear()

    def held(self) -> Pcm:
        """Return all that is held, and keep it."""
        return self._pcm[int(self._at) :]

    def clear(self) -> None:
        """Forget what is held."""
        self._pcm = np.zeros(0, np.float32)
        self._at = 0.0
        self._anchor = (0, 0)

    def _last_needed(self, n_samples: int, speed: float) -> int:
        if speed == 1.0:
            return round(self._at) + n_samples - 1
        return int(self._at + speed * (n_samples - 1)) + 1

    def _joined(self, out: Pcm) -> Pcm:
        tail, self._outgoing = self._outgoing, None
        if tail is None:
            return out
        n = min(tail.size, out.size)
        rising = np.arange(n, dtype=np.float32) / n
        joined = out.copy()
        joined[:n] = tail[:n] * (1 - rising) + out[:n] * rising
        return joined


class Concealer:
    """Fills the time in which nothing is due. Not thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._floor = _NOISE_MOST
        self._is_concealing = True  # the first sound fades in as well

    def played(self, pcm: Pcm) -> Pcm:
        """Pass sound on, faded in after a gap; remembers how quiet it gets."""
        rms = math.sqrt(float(pcm @ pcm) / pcm.size) if pcm.size else 0.0
        # creeps up, so that one digital silence does not pin it for ever
        self._floor = max(_NOISE_LEAST, min(rms, self._floor * 1.001, _NOISE_MOST))
        if not self._is_concealing:
            return pcm
        self._is_concealing = False
        return _ramped(pcm, rising=True)

    def noise(self, n_samples: int) -> Pcm:
        """Return noise as quiet as the quietest moment so far."""
        return self._random.normal(0.0, self._floor, n_samples).astype(np.float32)

    def conceal(self, rest: Pcm, n_samples: int) -> Pcm:
        """Return a period of noise, the last sound fading out in front."""
        noise = self.noise(n_samples)
        n = min(rest.size, n_samples)
        if not self._is_concealing and n:
            noise[:n] += _ramped(rest[:n], rising=False)
        self._is_concealing = True
        return noise


def _ramped(pcm: Pcm, *, rising: bool) -> Pcm:
    n = min(FADE, pcm.size)
    out = pcm.copy()
    ramp = np.arange(n, dtype=np.float32) / max(1, n)
    if rising:
        out[:n] *= ramp
    else:
        out[-n:] *= ramp[::-1]
    return out
