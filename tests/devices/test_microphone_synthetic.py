"""The synthetic microphone beyond its port's promises; time moves by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.beep import BeepMeter, BeepSource, ToneSource
from kiosk.codec.speech import SpeechSource
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.errors import DeviceStalled
from kiosk.ports import Period
from tests.fakes.clips import level, loudest_hertz
from tests.fakes.steady_clock import SteadyClock


def listen(
    microphone: SyntheticMicrophone, clock: SteadyClock, periods: int
) -> list[Period]:
    heard: list[Period] = []
    for _ in range(periods):
        clock.move(0.02)
        heard.append(microphone.read())
    return heard


def test_it_hears_the_audible_clock_exactly_in_time() -> None:
    clock, meter = SteadyClock(), BeepMeter(1000)
    microphone = SyntheticMicrophone(clock)
    microphone.open()

    found = [
        latency
        for period in listen(microphone, clock, 110)
        for latency in meter.feed(period.pcm, period.captured_at)
    ]

    assert found == pytest.approx([0] * 5, abs=0.2)


def test_it_hears_a_tone_of_any_frequency() -> None:
    clock = SteadyClock()
    microphone = SyntheticMicrophone(clock, ToneSource(440))
    microphone.open()

    pcm = b"".join(period.pcm for period in listen(microphone, clock, 50))

    assert loudest_hertz(pcm) == pytest.approx(440, abs=2)


def test_it_hears_speech() -> None:
    clock = SteadyClock()
    microphone = SyntheticMicrophone(clock, SpeechSource())
    microphone.open()

    pcm = b"".join(period.pcm for period in listen(microphone, clock, 50))

    assert level(pcm) > 0.02


def test_what_a_late_reader_lost_is_counted_and_the_sound_stays_in_time() -> None:
    clock, source = SteadyClock(), BeepSource()
    microphone = SyntheticMicrophone(clock, source)
    microphone.open()
    listen(microphone, clock, 1)
    clock.move(0.5)

    period = microphone.read()

    assert microphone.xruns == 1
    assert period.captured_at == 1_000_000 + 500_000
    expected = source.fill(period.captured_at, 960)
    assert np.array_equal(np.frombuffer(period.pcm, "<i2"), expected)


def test_opening_it_again_begins_the_count_again() -> None:
    clock = SteadyClock()
    microphone = SyntheticMicrophone(clock)
    microphone.open()
    clock.move(1)
    microphone.read()
    microphone.close()

    microphone.open()

    assert microphone.xruns == 0


def test_a_stalled_one_says_so_after_half_a_second_and_goes_on() -> None:
    clock = SteadyClock()
    microphone = SyntheticMicrophone(clock)
    microphone.open()
    microphone.stall()

    with pytest.raises(
        DeviceStalled, match=r"microphone at synthetic: silent for 0\.5"
    ):
        microphone.read()

    microphone.stall(stalled=False)
    assert listen(microphone, clock, 1)[0].captured_at == 1_000_000
