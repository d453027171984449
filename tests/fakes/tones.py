"""Sounds that are found again, bit by bit or by their pitch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kiosk.ports import SAMPLE_RATE


Samples = npt.NDArray[np.int16]


def chirp(seconds: float) -> Samples:
    """Return a tone that rises and so is like itself at one place only."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * (200 + 300 * t) * t) * 12_000).astype(np.int16)


def tone(hz: float, seconds: float) -> Samples:
    """Return a steady tone."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hz * t) * 12_000).astype(np.int16)


def pitch_of(pcm: bytes) -> float:
    """Return the loudest frequency, in Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / samples.size


def blocks_of(samples: Samples, size: int = 960) -> list[bytes]:
    """Return samples in periods, the rest left out."""
    whole = samples.size // size
    return [samples[n * size : (n + 1) * size].tobytes() for n in range(whole)]


def place_of(piece: Samples, heard: Samples) -> int:
    """Return where a piece begins in what was heard."""
    size = 1 << (heard.size + piece.size).bit_length()
    likeness = np.fft.irfft(
        np.fft.rfft(heard.astype(float), size)
        * np.conj(np.fft.rfft(piece.astype(float), size)),
        size,
    )
    return int(np.argmax(likeness[: heard.size]))
