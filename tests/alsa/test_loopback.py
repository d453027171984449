"""What is played comes back: bit by bit, when it was said to, for as long as it may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from kiosk.alsa.testing import FakeSound
from kiosk.devices.microphone_alsa import AlsaMicrophone
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.ports import Micros, Period
from tests.fakes.alsa import LOOPBACK_HEARS, LOOPBACK_PLAYS, loopback
from tests.fakes.devices import CLOCK
from tests.fakes.leaks import held
from tests.fakes.live import running
from tests.fakes.tones import Samples, blocks_of, chirp, place_of


LOST_AT_ONCE = 12
"""Periods that one xrun or underrun may cost: both buffers."""


@dataclass(frozen=True)
class Ends:
    """A loudspeaker, and the microphone that hears it and nothing else."""

    speaker: AlsaSpeaker
    microphone: AlsaMicrophone
    within_us: int


def _fake(version: str, drift_ppm: float) -> Callable[[Path], Ends]:
    def make(folder: Path) -> Ends:
        sound = FakeSound(folder, CLOCK, version)
        sound.add("Device", drift_ppm=drift_ppm)
        return Ends(
            AlsaSpeaker(CLOCK, machine=sound.machine),
            AlsaMicrophone(CLOCK, machine=sound.machine),
            within_us=2_000,
        )

    return make


def _real(_: Path) -> Ends:
    loopback()
    return Ends(
        AlsaSpeaker(CLOCK, LOOPBACK_PLAYS),
        AlsaMicrophone(CLOCK, LOOPBACK_HEARS),
        within_us=15_000,  # both ends move by the kernel's tick, which may be 10 ms
    )


ENDS = {
    "fake 0.10": _fake("0.10", 0.0),
    "fake 0.11": _fake("0.11", 0.0),
    "fake that drifts": _fake("0.11", 300.0),
    "real": _real,
}


@pytest.fixture(params=ENDS)
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Ends:
    return ENDS[request.param](tmp_path)


def unbroken(ends: Ends, played: Samples) -> tuple[Micros, list[Period]]:
    """Try up to five times for a round in which this machine was never too late."""
    heard = through(ends, played)
    for _ in range(4):
        if (ends.speaker.underruns, ends.microphone.xruns) == (0, 0):
            break
        heard = through(ends, played)
    return heard


def through(ends: Ends, played: Samples) -> tuple[Micros, list[Period]]:
    """Play samples; return when the first was heard, and what was recorded."""
    heard: list[Period] = []
    done = threading.Event()

    def listen() -> None:
        while not done.is_set():
            heard.append(ends.microphone.read())

    ends.microphone.open()
    ends.speaker.open()
    silence = bytes(1920)
    try:
        with running(listen):
            for _ in range(5):
                ends.speaker.write(silence)
            first_at, *_ = [ends.speaker.write(one) for one in blocks_of(played)]
            for _ in range(15):
                ends.speaker.write(silence)
            done.set()
    finally:
        ends.speaker.close()
        ends.microphone.close()
    return first_at, heard


def samples_of(periods: list[Period]) -> Samples:
    return np.frombuffer(b"".join(period.pcm for period in periods), np.int16)


def test_every_sample_comes_back_as_it_was(ends: Ends) -> None:
    played = chirp(0.6)[: 28 * 960]
    _, periods = unbroken(ends, played)
    heard = samples_of(periods).tobytes()

    missing = [one for one in blocks_of(played) if one not in heard]

    losses = ends.speaker.underruns + ends.microphone.xruns
    assert len(missing) <= LOST_AT_ONCE * losses
    assert len(missing) < 28


def test_it_is_heard_when_the_loudspeaker_said_it_would_be(ends: Ends) -> None:
    played = chirp(0.6)[: 28 * 960]
    first_at, periods = unbroken(ends, played)
    begin = place_of(played, samples_of(periods))

    period = periods[begin // 960]
    captured_at = period.captured_at + begin % 960 * 1_000_000 / 48_000

    assert abs(captured_at - first_at) <= ends.within_us


def test_fifty_rounds_of_both_ends_leave_nothing_open(ends: Ends) -> None:
    before = held()
    for _ in range(50):
        ends.microphone.open()
        ends.speaker.open()
        ends.speaker.write(bytes(1920))
        ends.microphone.read()
        ends.speaker.close()
        ends.microphone.close()

    assert held() == before
