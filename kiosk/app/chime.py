"""Three soft notes that warn: in a moment the camera opens and you are seen."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable

from kiosk import ports
from kiosk.ports import SAMPLE_RATE


_NOTES_HZ = (523, 659, 784)
_NOTE_S = 0.35
_PERIOD = SAMPLE_RATE // 50
_LOUDNESS = 6_000


async def ring(make_speaker: Callable[[], ports.Speaker]) -> None:
    """
    Play the chime and return when it was handed to the speaker.

    Raises:
        DeviceError: The speaker is absent or busy.

    """
    await asyncio.to_thread(_play, make_speaker())


def _play(speaker: ports.Speaker) -> None:
    speaker.open()
    try:
        pcm = _chime().tobytes()
        step = _PERIOD * 2
        for start in range(0, len(pcm), step):
            speaker.write(pcm[start : start + step])
    finally:
        speaker.close()


def _chime() -> array[int]:
    samples = array("h")
    length = int(_NOTE_S * SAMPLE_RATE)
    for pitch in _NOTES_HZ:
        turn = 2 * math.pi * pitch / SAMPLE_RATE
        samples.extend(
            int(_LOUDNESS * math.sin(turn * i) * math.exp(-4 * i / length))
            for i in range(length)
        )
    return samples
