"""What a party's speaker played into its WAV file, while it still plays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt


RATE = 48_000
HEADER_BYTES = 44
SILENCE_DBFS = -120.0
CLEAR_DBFS = -30.0
SPEEDS = (0.98, 1.0, 1.02, 1.04)

Pcm = npt.NDArray[np.int16]


def samples_of(octets: bytes) -> Pcm:
    return np.frombuffer(octets[: len(octets) // 2 * 2], "<i2")


def heard(wav: Path, seconds: float) -> Pcm:
    """Return the newest samples of a file that is being written."""
    octets = wav.read_bytes()[HEADER_BYTES:]
    return samples_of(octets)[-round(seconds * RATE) :]


def peak_dbfs(pcm: Pcm) -> float:
    """Return the largest sample against full scale; -120 of digital silence."""
    peak = int(np.max(np.abs(pcm.astype(np.int32)), initial=0))
    return 20 * math.log10(peak / 32768) if peak else SILENCE_DBFS


def tones_in(pcm: Pcm, candidates: Iterable[int]) -> set[int]:
    """
    Return which of some frequencies are clearly there.

    A few per cent off count too: a playout that gives a delay back plays faster.
    """
    return {
        hertz
        for hertz in candidates
        if any(tone_dbfs(pcm, hertz * speed) > CLEAR_DBFS for speed in SPEEDS)
    }


def tone_dbfs(pcm: Pcm, hertz: float) -> float:
    """Return the level of one frequency, of the loudest 50 ms in it."""
    block = RATE // 20
    blocks = pcm[: pcm.size // block * block].reshape(-1, block) / 32768
    turn = np.exp(-2j * np.pi * hertz * np.arange(block) / RATE)
    loudest = float(np.max(np.abs(blocks @ turn), initial=0)) * 2 / block
    return 20 * math.log10(loudest) if loudest > 1e-6 else SILENCE_DBFS
