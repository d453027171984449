"""Three soft notes that warn: in a moment the camera opens and you are seen."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable

from kiosk import ports
from kiosk.media.worker import BlockingCall
from kiosk.ports import SAMPLE_RATE


_NOTES_HZ = (523, 659, 784)
_NOTE_S = 0.35
_PERIOD = SAMPLE_RATE // 50
_LOUDNESS = 6_000


async def ring(make_speaker: Callable[[], ports.Speaker]) -> None:
    """
    Play the chime and return when it was handed to the speaker.

    Cancelled, it falls silent and has given the speaker back when it returns: whoever
    hangs up hears no more of it, and may call again at once.

    Raises:
        DeviceError: The speaker is absent or busy.
        ZombieWorker: Cancelled, and the speaker takes no end.

    """
    speaker, over = make_speaker(), threading.Event()
    playing = BlockingCall("chime", lambda: _play(speaker, over))
    try:
        await playing.result()
    finally:
        over.set()
        await playing.finished()


def _play(speaker: ports.Speaker, over: threading.Event) -> None:
    speaker.open()
    try:
        pcm = _chime().tobytes()
        step = _PERIOD * 2
        for start in range(0, len(pcm), step):
            if over.is_set():
                return
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
