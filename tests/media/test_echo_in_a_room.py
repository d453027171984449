"""
Every canceller in a simulated room, as fast as it can be computed.

The promises with real threads and times are the bench's (``make bench``); here
a canceller that was wired wrongly would be found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from kiosk.devices.echo_duck import DuckingEchoCanceller
from kiosk.devices.echo_livekit import LivekitEchoCanceller
from kiosk.devices.echo_speex import SpeexEchoCanceller
from kiosk.media.echo import Cancellers, Choice, EchoPath
from kiosk.media.reference import Reference
from kiosk.ports import EchoCanceller, Micros, Period
from tests.fakes.echo_room import EchoRoom, level_db, likeness
from tests.fakes.voices import Sound, voice


BLOCK = 480
SECOND = 48_000
LEAD_US = 25_000  # how far ahead of the ear the playout writes
FAR = voice(14.0, seed=1, pitch_hz=115.0)
INTERRUPTION = slice(10 * SECOND, 13 * SECOND)


def livekit() -> EchoCanceller:
    return LivekitEchoCanceller(noise_suppression=True)


def speex() -> EchoCanceller:
    return SpeexEchoCanceller(noise_suppression=True)


@dataclass(frozen=True)
class Talk:
    """What the microphone took, what was left of it, and who spoke into it."""

    taken: Sound
    left: Sound
    near: Sound

    @property
    def erle_db(self) -> float:
        """Of the seconds before the interruption."""
        late = slice(7 * SECOND, 10 * SECOND)
        return level_db(self.taken[late]) - level_db(self.left[late])


def talk(
    make: Callable[[], EchoCanceller],
    *,
    delay_ms: float = 0.0,
    ppm: float = 0.0,
    jitter_us: float = 0.0,
    moved_at_s: float = 99.0,
) -> Talk:
    """Let the agent talk for 13 s; in the last three the customer interrupts him."""
    near = np.zeros(13 * SECOND)
    near[INTERRUPTION] = voice(3.0, seed=2, pitch_hz=205.0)
    room = EchoRoom(
        near, delay_ms=delay_ms, speaker_ppm=ppm / 2, microphone_ppm=-ppm / 2
    )
    reference = Reference()
    path = EchoPath(Cancellers([Choice("it", make)]), reference)
    path.open()
    random = np.random.default_rng(4)

    def stamp(moment: float) -> Micros:
        return Micros(round(moment + random.uniform(-jitter_us, jitter_us)))

    pcm = np.rint(32767 * FAR).astype("<i2")
    left, written = [], 0
    for i in range(near.size // BLOCK):
        if i == round(moved_at_s * 100):
            room.move(gain=1.0)
        now = 1e6 + i * 10_000 / (1 - ppm / 2e6)
        while (heard := 1e6 + written * 10_000 / (1 + ppm / 2e6)) < now + LEAD_US:
            block = pcm[written * BLOCK : (written + 1) * BLOCK].tobytes()
            room.play(Period(block, Micros(round(heard))))
            reference.played(Period(block, stamp(heard)))
            written += 1
        heard_there = room.hear(now, BLOCK).tobytes()
        cleaned = path.clean(Period(heard_there, stamp(now)))
        left.append(np.frombuffer(cleaned.pcm, "<i2") / 32768)
    path.close()
    return Talk(np.concatenate(room.taken), np.concatenate(left), near)


@pytest.mark.parametrize("make", [livekit, speex])
@pytest.mark.parametrize("delay_ms", [0, 120, 300])
def test_the_echo_is_gone_however_late_it_comes(
    make: Callable[[], EchoCanceller], delay_ms: float
) -> None:
    assert talk(make, delay_ms=delay_ms).erle_db > 30


@pytest.mark.parametrize("make", [livekit, speex])
def test_two_drifting_clocks_with_trembling_stamps_cost_little(
    make: Callable[[], EchoCanceller],
) -> None:
    assert talk(make, delay_ms=120, ppm=100, jitter_us=200).erle_db > 25


@pytest.mark.parametrize("make", [livekit, speex])
def test_a_loudspeaker_that_is_moved_in_the_call_is_followed(
    make: Callable[[], EchoCanceller],
) -> None:
    assert talk(make, delay_ms=120, moved_at_s=4.0).erle_db > 20


def test_whoever_interrupts_is_heard() -> None:
    interrupted = talk(speex, delay_ms=120)
    likeness_of, gain_db = likeness(
        interrupted.near[INTERRUPTION], interrupted.left[INTERRUPTION]
    )

    assert likeness_of > 0.8
    assert gain_db > -6


def test_half_duplex_lets_no_echo_through_and_no_interruption() -> None:
    ducked = talk(DuckingEchoCanceller, delay_ms=300)
    _, gain_db = likeness(ducked.near[INTERRUPTION], ducked.left[INTERRUPTION])

    assert ducked.erle_db > 30
    assert gain_db < -30
