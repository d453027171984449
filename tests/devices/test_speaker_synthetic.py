"""The measuring speaker beyond its port's promises; time moves by hand."""

from __future__ import annotations

import pytest

from kiosk.codec.beep import BeepSource, ToneSource
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceStalled
from kiosk.ports import Micros
from tests.fakes.steady_clock import SteadyClock


START = 1_000_000


def play(
    speaker: SyntheticSpeaker,
    clock: SteadyClock,
    source: BeepSource | ToneSource,
    periods: int,
    *,
    late_us: int = 0,
) -> None:
    for _ in range(periods):
        said_at = Micros(clock.now() - late_us)
        speaker.write(source.fill(said_at, 480).astype("<i2").tobytes())
        clock.move(0.01)


def test_it_measures_how_late_the_audible_clock_is_heard() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock)
    speaker.open()

    play(speaker, clock, BeepSource(700), 200, late_us=123_000)

    assert speaker.latencies_ms == pytest.approx([123] * 4, abs=0.2)


def test_it_measures_the_frequency_it_was_told() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock, meter_hz=1000)
    speaker.open()

    play(speaker, clock, BeepSource(700), 100)
    play(speaker, clock, BeepSource(1000), 100, late_us=30_000)

    assert speaker.latencies_ms == pytest.approx([30] * 2, abs=0.2)


def test_it_measures_the_level() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock)
    speaker.open()

    assert speaker.level_dbfs == -120
    play(speaker, clock, ToneSource(440, amplitude=0.5), 60)
    assert speaker.level_dbfs == pytest.approx(-9, abs=0.1)


def test_an_underrun_is_counted_and_is_silence_in_what_was_played() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock)
    speaker.open()
    speaker.write(b"\1\1" * 480)
    clock.move(0.03)
    speaker.write(b"\2\2" * 480)

    assert speaker.underruns == 1
    assert speaker.played() == b"\1\1" * 480 + bytes(2 * 960) + b"\2\2" * 480


def test_it_keeps_the_last_seconds_only() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock, keep_s=0.05)
    speaker.open()

    play(speaker, clock, ToneSource(440), 50)
    n_bytes = len(speaker.played())
    clock.move(100)
    play(speaker, clock, ToneSource(440), 1)

    assert n_bytes == 4800
    assert len(speaker.played()) <= 2 * 4800


def test_opening_it_again_forgets_what_was_measured() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock)
    speaker.open()
    play(speaker, clock, BeepSource(700), 100)
    clock.move(1)
    play(speaker, clock, BeepSource(700), 1)
    speaker.close()
    kept = speaker.latencies_ms, speaker.underruns

    speaker.open()

    assert kept != ((), 0)
    assert (speaker.latencies_ms, speaker.underruns) == ((), 0)
    assert (speaker.played(), speaker.level_dbfs) == (b"", -120)


def test_a_fast_device_hears_everything_a_little_sooner() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock, drift_ppm=10_000, buffer_ms=5000)
    speaker.open()

    heard = [speaker.write(bytes(960)) for _ in range(100)]

    assert heard[-1] - heard[0] == pytest.approx(990_000 / 1.01, abs=2)


def test_a_stalled_one_says_so_after_half_a_second_and_goes_on() -> None:
    clock = SteadyClock(START)
    speaker = SyntheticSpeaker(clock)
    speaker.open()
    speaker.stall()

    with pytest.raises(DeviceStalled, match=r"speaker at synthetic: silent for 0\.5"):
        speaker.write(bytes(960))

    speaker.stall(stalled=False)
    assert speaker.write(bytes(960)) == START
