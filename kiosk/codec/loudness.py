"""Samples made louder or softer; decibels, because people hear steps of them alike."""

from __future__ import annotations

import numpy as np


def gain_of(decibels: float) -> float:
    """Return by how much samples are multiplied."""
    return float(10 ** (decibels / 20))


def at_volume(pcm: bytes, decibels: float) -> bytes:
    """Return signed 16 bit samples so much louder, cut off at full scale."""
    turned = np.frombuffer(pcm, "<i2") * np.float32(gain_of(decibels))
    return bytes(np.clip(np.rint(turned), -32768, 32767).astype("<i2").tobytes())
