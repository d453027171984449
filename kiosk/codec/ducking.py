"""
Turns a microphone down while the loudspeaker talks. Pure.

The loudspeaker's level decides, with a hold for echoes that come late; the
gain falls within a block and comes back within a tenth of a second.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kiosk.ports import ECHO_BLOCK, SAMPLE_RATE


DUCKED: Final = 10 ** (-36 / 20)
"""What is left of the microphone: -36 dB."""

_TALKS_DBFS: Final = -46.0  # of the loudspeaker's block: fans and breath are quieter
_HOLD_BLOCKS: Final = 45  # the echo may come 400 ms late, and rings on
_OPEN_BLOCKS: Final = 10  # from ducked to open again
_TALKS: Final = 32768 * 10 ** (_TALKS_DBFS / 20)

assert ECHO_BLOCK * 100 == SAMPLE_RATE, "the counts above are of 10 ms"


def talks(far: bytes) -> bool:
    """Say whether a block of the loudspeaker's side is more than quiet."""
    level = np.frombuffer(far, "<i2").astype(np.float32)
    return float(np.sqrt(np.mean(level * level))) > _TALKS


class Ducker:
    """The gain of one microphone. Not thread-safe."""

    def __init__(self) -> None:
        self._hold = 0
        self._gain = 1.0

    def duck(self, near: bytes, *, talking: bool) -> bytes:
        """Return a block of the microphone, turned down or coming back."""
        self._hold = _HOLD_BLOCKS if talking else max(0, self._hold - 1)
        before = self._gain
        if self._hold:
            self._gain = DUCKED
        else:
            self._gain = min(1.0, before + (1 - DUCKED) / _OPEN_BLOCKS)
        if before == self._gain == 1.0:
            return near
        samples = np.frombuffer(near, "<i2")
        ramp = np.linspace(before, self._gain, samples.size, dtype=np.float32)
        return np.rint(samples * ramp).astype("<i2").tobytes()
