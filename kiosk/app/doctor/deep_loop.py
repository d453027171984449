"""
Does the microphone hear the loudspeaker? Then both work, whatever their cards claim.

The room is listened to first: what is there without the tone is no proof.  Nothing that
is heard is kept but the strength of one frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from statistics import median
from typing import Final

import numpy as np

from kiosk.app.doctor.check import Check, good, warning
from kiosk.codec.beep import WINDOW, ToneSource
from kiosk.ports import SAMPLE_RATE, Clock, Microphone, Speaker


HERTZ: Final = 1000
"""Ten whole waves in a window, so that what else sounds adds little."""
AMPLITUDE: Final = 0.1
ROOM_S: Final = 1.0
TONE_S: Final = 2.0
CLEAR_DB: Final = 12.0
_QUIETEST: Final = 1e-6
_FULL: Final = 32768.0
_WAVES: Final = np.exp(-2j * np.pi * HERTZ * np.arange(WINDOW) / SAMPLE_RATE)


def measure_loop(
    speaker: Speaker, microphone: Microphone, clock: Clock
) -> Iterator[Check]:
    """
    Listen, play a tone, listen again, and close both.

    Raises:
        DeviceError: One of them cannot be opened, or is gone.

    """
    try:
        speaker.open()
        microphone.open()
        room = _strengths(None, microphone, clock, ROOM_S)
        tone = _strengths(speaker, microphone, clock, TONE_S)
    finally:
        microphone.close()
        speaker.close()
    yield _judged(room, tone)


def _strengths(
    speaker: Speaker | None, microphone: Microphone, clock: Clock, seconds: float
) -> list[float]:
    """Return how strong the frequency was, of full scale, window by window."""
    tone = ToneSource(HERTZ, AMPLITUDE)
    heard, rest = list[float](), np.zeros(0, np.int16)
    ends = clock.now() + seconds * 1_000_000
    while clock.now() < ends:
        pcm = np.frombuffer(microphone.read().pcm, np.int16)
        if speaker is not None:  # as much as was heard: the microphone gives the pace
            speaker.write(tone.fill(clock.now(), len(pcm)).tobytes())
        rest = np.concatenate([rest, pcm])
        while len(rest) >= WINDOW:
            window, rest = rest[:WINDOW], rest[WINDOW:]
            heard.append(2 * abs(np.dot(window, _WAVES)) / WINDOW / _FULL)
    return heard


def _judged(room: list[float], tone: list[float]) -> Check:
    what = "loudspeaker to microphone"
    if not room or not tone:
        return warning(what, "the microphone gave nothing", "see to its line")
    before = _db(median(room))
    heard = _db(median(tone[len(tone) // 3 :]))  # it sounds once it is through the card
    evidence = (
        f"a tone of {HERTZ} Hz is heard at {heard:.0f} dBFS, "
        f"{heard - before:+.0f} dB above the room"
    )
    if heard - before < CLEAR_DB:
        cure = "turn the volume up; see to both plugs; a headset would hide it"
        return warning(what, evidence, cure)
    return good(what, evidence)


def _db(strength: float) -> float:
    return 20 * log10(max(strength, _QUIETEST))
