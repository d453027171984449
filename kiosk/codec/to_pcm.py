"""
Decoded audio frames as the kiosk's PCM: signed 16 bit, mono, 48 kHz.

Resamples and mixes down where a stream is of another kind.
"""

from __future__ import annotations

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from kiosk.ports import SAMPLE_RATE


class ToPcm:
    """Converts the frames of one stream, which may change its kind."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._resampled: tuple[str, str, int] | None = None

    def convert(self, frame: AudioFrame) -> bytes:
        """Return the samples of a frame, signed 16 bit little endian."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind == ("fltp", "mono", SAMPLE_RATE):
            samples = np.frombuffer(
                memoryview(frame.planes[0]), np.float32, count=frame.samples
            )
            return _s16(samples)
        if self._resampler is None or kind != self._resampled:
            self._resampler = AudioResampler(
                format="s16", layout="mono", rate=SAMPLE_RATE
            )
            self._resampled = kind
        frame.pts = None
        out = self._resampler.resample(frame)
        return b"".join(bytes(f.planes[0])[: f.samples * 2] for f in out)

    def forget(self) -> None:
        """Begin anew, after damage."""
        self._resampled = None


def _s16(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    scaled = np.clip(np.rint(samples * 32768), -32768, 32767)
    return scaled.astype("<i2").tobytes()
