"""
Microphone and loudspeaker, measured through their ports.

What is heard is measured and thrown away in the same moment: nothing is kept.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from math import log10, sqrt
from statistics import median
from typing import Final

from kiosk.app.doctor.check import Check, failure, good, warning
from kiosk.app.doctor.person import Person, judged_by
from kiosk.codec.beep import ToneSource
from kiosk.ports import SAMPLE_RATE, Clock, Microphone, Speaker


LISTEN_S: Final = 3.0
PLAY_S: Final = 2.0
SILENT_DBFS: Final = -80.0
FULL: Final = 32768.0
CLIPPED: Final = 32_000
LATEST_MS: Final = 200.0
HERTZ: Final = 440
AMPLITUDE: Final = 0.1
_PERIOD: Final = SAMPLE_RATE // 100


def measure_microphone(microphone: Microphone, clock: Clock) -> Iterator[Check]:
    """
    Listen for some seconds; lost sound shows in the stamps of the periods.

    Raises:
        DeviceError: It cannot be opened, or is gone.

    """
    squares, loudest, samples = 0, 0, 0
    lost_us, longest_us = 0, 0
    ends: int | None = None
    try:
        microphone.open()
        began = asked = clock.now()
        while clock.now() - began < LISTEN_S * 1_000_000:
            period = microphone.read()
            now = clock.now()
            longest_us, asked = max(longest_us, now - asked), now
            pcm = array("h", period.pcm)
            squares += sum(sample * sample for sample in pcm)
            loudest = max(loudest, *map(abs, pcm))
            samples += len(pcm)
            length_us = len(pcm) * 1_000_000 // SAMPLE_RATE
            if ends is not None and period.captured_at - ends > length_us // 2:
                lost_us += period.captured_at - ends
            ends = period.captured_at + length_us
    finally:
        microphone.close()
    level = sqrt(squares / samples) if samples else 0.0
    yield _heard(level, loudest, lost_us, longest_us)


def _heard(level: float, loudest: int, lost_us: int, longest_us: int) -> Check:
    what = "microphone, measured"
    dbfs = 20 * log10(max(level, 0.1) / FULL)
    evidence = (
        f"{dbfs:.0f} dBFS, loudest {loudest / FULL:.0%}, {lost_us / 1000:.0f} ms lost "
        f"in {LISTEN_S:g} s, longest wait {longest_us / 1000:.0f} ms"
    )
    if dbfs < SILENT_DBFS:
        cure = "it hears nothing: see to its switch, its plug and `alsamixer`"
        return failure(what, evidence, cure)
    if lost_us:
        return warning(what, evidence, "stop what loads this machine; another USB port")
    if loudest >= CLIPPED:
        return warning(what, evidence, "too loud: turn it down with `alsamixer`")
    return good(what, evidence)


def measure_speaker(speaker: Speaker, clock: Clock, person: Person) -> Iterator[Check]:
    """
    Play a quiet tone, and measure how long sound waits before it is heard.

    Raises:
        DeviceError: It cannot be opened, or is gone.

    """
    tone = ToneSource(HERTZ, AMPLITUDE)
    delays: list[float] = []
    try:
        speaker.open()
        began = clock.now()
        while clock.now() - began < PLAY_S * 1_000_000:
            pcm = tone.fill(clock.now(), _PERIOD)
            heard_at = speaker.write(pcm.tobytes())
            delays.append((heard_at - clock.now()) / 1000)
            # ahead by what it holds already: the device's own pace
            time.sleep(max(0.0, min(0.01, delays[-1] / 1000 - 0.03)))
    finally:
        speaker.close()
    if not delays:
        yield failure("speaker, measured", "it took nothing", "see to the card")
        return
    delay = median(delays)
    evidence = f"a tone of {PLAY_S:g} s, heard {delay:.0f} ms after it is written"
    what = "speaker, measured"
    if delay > LATEST_MS:
        yield warning(what, evidence, "another card: echo and delay suffer from this")
    else:
        yield judged_by(
            person,
            what,
            evidence,
            "Did you hear a tone?",
            "see to the volume, `alsamixer`, and the plug",
        )
