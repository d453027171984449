"""
Samples of one rate as samples of another: for sound cards without 48 kHz.

FFmpeg's resampler, which filters what the lower rate cannot carry.  It holds back a
few samples (a millisecond at 16 kHz) but moves nothing: the k-th sample that comes
out belongs to the moment of the k-th that would.
"""

# PyAV's stubs type a frame's array loosely
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler


class RateChange:
    """
    Converts 16 bit mono from one rate to another. Not thread-safe.

    Args:
        source, target: Samples a second.

    """

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._is_needed = source != target
        self._resampler = AudioResampler(format="s16", layout="mono", rate=target)

    def convert(self, pcm: bytes) -> bytes:
        """Take in samples and return those that are ready."""
        if not self._is_needed or not pcm:
            return pcm
        samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = self._source
        frame.pts = None
        out = self._resampler.resample(frame)
        return b"".join(bytes(f.planes[0])[: f.samples * 2] for f in out)
