"""
A loudspeaker before which no time passes: what it played is what it was given.

It takes everything at once and never runs dry, so that a machine which pauses puts
no silence between the notes.
"""

from __future__ import annotations

from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.ports import SAMPLE_RATE
from tests.fakes.steady_clock import SteadyClock


_HOLDS_S = 60


def timeless_speaker() -> SyntheticSpeaker:
    return SyntheticSpeaker(SteadyClock(), buffer_ms=_HOLDS_S * 1000, keep_s=_HOLDS_S)


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / SAMPLE_RATE
