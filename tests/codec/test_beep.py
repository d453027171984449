"""The audible clock, heard directly and through AAC."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.aac import AacEncoder
from kiosk.codec.beep import (
    AGENT_HZ,
    KIOSK_HZ,
    BeepMeter,
    BeepSource,
    ToneSource,
    UnhurriedMeter,
)
from kiosk.codec.sound_decoder import SoundDecoder
from kiosk.codec.speech import SpeechSource
from kiosk.ports import Micros
from tests.fakes.clips import level, loudest_hertz


START = 123_456_700


def periods(
    source: BeepSource | ToneSource | SpeechSource, seconds: float, start: int = START
) -> list[tuple[Micros, bytes]]:
    times = [Micros(start + i * 10_000) for i in range(round(seconds * 100))]
    return [(at, source.fill(at, 480).astype("<i2").tobytes()) for at in times]


def hear(
    meter: BeepMeter, sound: list[tuple[Micros, bytes]], late_us: int = 0
) -> list[float]:
    return [ms for at, pcm in sound for ms in meter.feed(pcm, Micros(at + late_us))]


def test_a_burst_begins_at_every_whole_half_second() -> None:
    sound = b"".join(pcm for _, pcm in periods(BeepSource(), 1.0, start=7_000_000))
    loud = np.abs(np.frombuffer(sound, "<i2").astype(int)) > 200
    onsets = [i for i in np.flatnonzero(loud) if not loud[max(0, i - 400) : i].any()]

    assert [round(onset / 48) for onset in onsets] == [0, 500]


def test_the_phase_is_exact_however_the_periods_are_cut() -> None:
    source = BeepSource()
    whole = source.fill(Micros(6_980_000), 9600)
    parts = [source.fill(Micros(6_980_000 + i * 5000), 240) for i in range(40)]

    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("late_ms", [0, 3, 137, 300, 470])
def test_the_latency_of_every_burst_is_measured(late_ms: int) -> None:
    found = hear(BeepMeter(), periods(BeepSource(AGENT_HZ), 3.0), late_ms * 1000)

    assert found == pytest.approx([late_ms] * len(found), abs=0.2)
    assert len(found) in {5, 6}


def test_looking_ten_times_a_second_finds_the_same() -> None:
    sound = periods(BeepSource(AGENT_HZ), 3.05)
    meter = UnhurriedMeter()
    found = [ms for at, pcm in sound for ms in meter.feed(pcm, Micros(at + 70_000))]
    last = list(meter.look())

    assert found + last == pytest.approx([70.0] * 6, abs=0.2)
    assert meter.look() == ()


def test_a_gap_is_no_time_for_whoever_looks_ten_times_a_second() -> None:
    meter, found = UnhurriedMeter(), list[float]()
    for at, pcm in periods(BeepSource(AGENT_HZ), 3.0):
        late_us = 70_000 if at < START + 1_230_000 else 160_000
        found += meter.feed(pcm, Micros(at + late_us))

    assert [round(ms) for ms in found] == [70, 70, 70, 160, 160, 160]


def test_a_burst_a_little_early_is_early_and_not_half_a_second_late() -> None:
    found = hear(BeepMeter(), periods(BeepSource(AGENT_HZ), 2.0), -10_000)

    assert found == pytest.approx([-10] * len(found), abs=0.2)


@pytest.mark.parametrize("hertz", [KIOSK_HZ, AGENT_HZ])
def test_through_aac_it_is_true_to_three_milliseconds(hertz: int) -> None:
    encoder = AacEncoder()
    decoder = SoundDecoder(encoder.config)
    heard = [
        (unit.captured_at, decoder.decode(unit.data))
        for at, pcm in periods(BeepSource(hertz), 10.0)
        for unit in encoder.encode(pcm, at)
    ]
    found = hear(BeepMeter(hertz), heard, 80_000)

    assert len(found) >= 18
    assert found == pytest.approx([80] * len(found), abs=3)


@pytest.mark.parametrize("gain", [1.0, 0.3, 3.9])
def test_the_loudness_does_not_matter(gain: float) -> None:
    sound = periods(BeepSource(AGENT_HZ, amplitude=0.25 * gain), 2.0)

    assert hear(BeepMeter(), sound, 50_000) == pytest.approx([50] * 4, abs=0.3)


@pytest.mark.parametrize(
    "source",
    [BeepSource(KIOSK_HZ), ToneSource(AGENT_HZ), SpeechSource()],
    ids=["another frequency", "a steady tone", "speech"],
)
def test_other_sounds_are_no_bursts(
    source: BeepSource | ToneSource | SpeechSource,
) -> None:
    assert hear(BeepMeter(AGENT_HZ), periods(source, 4.0)) == []


def test_both_speakers_are_measured_when_they_sound_together() -> None:
    ours, theirs = BeepSource(KIOSK_HZ), BeepSource(AGENT_HZ)
    kiosk_meter, agent_meter = BeepMeter(KIOSK_HZ), BeepMeter(AGENT_HZ)
    at_kiosk: list[float] = []
    at_agent: list[float] = []
    for number in range(300):
        at = Micros(START + number * 10_000)
        late = Micros(at - 40_000)
        pcm = (ours.fill(at, 480) + theirs.fill(late, 480)).astype("<i2").tobytes()
        at_kiosk += kiosk_meter.feed(pcm, at)
        at_agent += agent_meter.feed(pcm, at)

    assert at_kiosk == pytest.approx([0] * len(at_kiosk), abs=2)
    assert at_agent == pytest.approx([40] * len(at_agent), abs=2)
    assert len(at_kiosk) >= 5
    assert len(at_agent) >= 5


def test_joining_within_a_burst_gives_no_false_onset() -> None:
    sound = periods(BeepSource(AGENT_HZ), 1.0, start=7_030_000)

    assert hear(BeepMeter(), sound) == pytest.approx([0], abs=0.2)


def test_a_burst_with_a_hole_is_not_measured() -> None:
    sound = periods(BeepSource(AGENT_HZ), 1.4, start=6_900_000)
    sound[12:14] = [(at, bytes(960)) for at, _ in sound[12:14]]

    assert hear(BeepMeter(), sound) == pytest.approx([0, 0], abs=0.2)


def test_a_gap_in_the_times_moves_the_onsets_behind_it() -> None:
    sound = periods(BeepSource(AGENT_HZ), 2.0)
    moved = [
        (Micros(at + 100_000 * (i > 80)), pcm) for i, (at, pcm) in enumerate(sound)
    ]
    found = hear(BeepMeter(), moved)

    assert found == pytest.approx([0, 0, 100, 100], abs=0.3)


@pytest.mark.parametrize("amplitude", [0.25, 0.012, 0.004])
@pytest.mark.parametrize("noise", [0, 30, 80, 120])
def test_pauses_that_pass_quietly_change_nothing_of_what_is_found(
    amplitude: float, noise: int
) -> None:
    random = np.random.default_rng(noise)
    whole = b"".join(
        (BeepSource(AGENT_HZ, amplitude).fill(at, 480) + random.normal(0, noise, 480))
        .astype("<i2")
        .tobytes()
        for at, _ in periods(BeepSource(), 3.0)
    )
    in_periods = [whole[i : i + 960] for i in range(0, len(whole), 960)]
    # what is shorter than the window never passes quietly
    in_halves = [whole[i : i + 480] for i in range(0, len(whole), 480)]
    first = hear(
        BeepMeter(),
        [(Micros(START + i * 10_000), pcm) for i, pcm in enumerate(in_periods)],
    )
    second = hear(
        BeepMeter(),
        [(Micros(START + i * 5_000), pcm) for i, pcm in enumerate(in_halves)],
    )

    assert first == pytest.approx(second, abs=0.001)


def test_feeding_nothing_changes_nothing() -> None:
    assert BeepMeter().feed(b"", Micros(0)) == ()


def test_the_level_is_that_of_the_last_half_second() -> None:
    meter = BeepMeter()
    assert meter.level_dbfs == -120

    hear(meter, periods(ToneSource(500, amplitude=0.5), 1.0))
    loud = meter.level_dbfs
    hear(meter, [(Micros(0), bytes(960))] * 60)

    assert loud == pytest.approx(-9.03, abs=0.1)
    assert meter.level_dbfs == -120


def test_a_tone_goes_on_without_a_seam() -> None:
    sound = b"".join(pcm for _, pcm in periods(ToneSource(440), 2.2))

    assert loudest_hertz(sound) == pytest.approx(440, abs=1)
    assert np.abs(np.diff(np.frombuffer(sound, "<i2").astype(int))).max() < 500


def test_speech_talks_three_seconds_and_listens_one() -> None:
    source = SpeechSource()
    talking = source.fill(Micros(8_000_000), 48_000 * 3).astype("<i2").tobytes()
    listening = source.fill(Micros(11_000_000), 48_000).astype("<i2").tobytes()

    assert level(talking) > 0.02
    assert level(listening) == 0


def test_the_sound_is_as_exact_after_years_of_uptime() -> None:
    source = BeepSource()
    years = 10 * 365 * 86_400 * 1_000_000

    later = source.fill(Micros(years + 7_013_000), 4800)

    assert np.array_equal(later, source.fill(Micros(7_013_000), 4800))
