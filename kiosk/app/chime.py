"""Soft notes on the loudspeaker while nobody is played: the chime, and tones of screens."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from kiosk import ports
from kiosk.daemon.volume import Volume
from kiosk.media.worker import BlockingCall
from kiosk.ports import SAMPLE_RATE


Note = int
"""In hertz."""

_CHIME: tuple[Note, ...] = (523, 659, 784)
_NOTE_S = 0.35
_STEP = SAMPLE_RATE // 50 * 2
"""Bytes of 20 ms: nobody waits longer for silence."""
_LOUDNESS = 6_000


async def ring(
    make_speaker: Callable[[], ports.Speaker], volume: Volume | None = None
) -> None:
    """
    Play three notes that warn: in a moment the camera opens and you are seen.

    Ends, and fails, as :func:`play_all` does.
    """
    await play_all(make_speaker, tune(_CHIME), volume)


async def play_all(
    make_speaker: Callable[[], ports.Speaker],
    blocks: Iterable[bytes],
    volume: Volume | None = None,
) -> None:
    """
    Play samples and return when they were handed to the speaker.

    Cancelled, it falls silent and has given the speaker back when it returns: whoever
    hangs up hears no more of it, and may call again at once.

    Args:
        make_speaker: Returns the loudspeaker, not open yet.
        blocks: Of signed 16 bit samples, of any length; made on a thread.
        volume: How loud; it may be turned meanwhile.

    Raises:
        DeviceError: The speaker is absent or busy.
        ZombieWorker: Cancelled, and the speaker takes no end.

    """
    speaker, over = make_speaker(), threading.Event()
    volume = volume or Volume()
    loud = (_at_volume(step, volume.decibels) for step in _steps(blocks))
    playing = BlockingCall("chime", lambda: _play(speaker, loud, over))
    try:
        await playing.result()
    finally:
        over.set()
        await playing.finished()


def tune(notes: Sequence[Note]) -> Iterator[bytes]:
    """Yield the samples of notes that fade, one after the other."""
    length = int(_NOTE_S * SAMPLE_RATE)
    for pitch in notes:
        turn = 2 * math.pi * pitch / SAMPLE_RATE
        yield array(
            "h",
            (
                int(_LOUDNESS * math.sin(turn * i) * math.exp(-4 * i / length))
                for i in range(length)
            ),
        ).tobytes()


def _play(
    speaker: ports.Speaker, steps: Iterable[bytes], over: threading.Event
) -> None:
    speaker.open()
    try:
        for step in steps:
            if over.is_set():
                return
            speaker.write(step)
    finally:
        speaker.close()


def _steps(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut samples into steps, the last one filled up with silence."""
    waiting = b""
    for block in blocks:
        waiting += block
        while len(waiting) >= _STEP:
            yield waiting[:_STEP]
            waiting = waiting[_STEP:]
    if waiting:
        yield waiting.ljust(_STEP, b"\0")


def _at_volume(pcm: bytes, decibels: float) -> bytes:
    if not decibels:
        return pcm
    louder: bytes = import_module("kiosk.codec.loudness").at_volume(pcm, decibels)
    return louder
