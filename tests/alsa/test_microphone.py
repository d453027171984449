"""A microphone that loses sound, hangs, is pulled out, or speaks another form."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.alsa.pcm import open_pcm
from kiosk.alsa.recording import Recording
from kiosk.alsa.testing import FakeCard, FakeSound
from kiosk.alsa.testing.card import CardKind
from kiosk.devices.microphone_alsa import SHAPE, AlsaMicrophone
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Period
from tests.fakes.devices import CLOCK
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.tones import pitch_of, tone


@dataclass(frozen=True)
class Scene:
    sound: FakeSound
    card: FakeCard
    microphone: AlsaMicrophone


@pytest.fixture(params=["0.10", "0.11"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    sound = FakeSound(tmp_path, CLOCK, request.param)
    card = sound.add("Device")
    microphone = AlsaMicrophone(CLOCK, "Device", machine=sound.machine)
    microphone.open()
    yield Scene(sound, card, microphone)
    microphone.close()


def test_lost_sound_is_counted_and_the_next_period_is_fresh(scene: Scene) -> None:
    scene.microphone.read()
    scene.card.xrun()
    lost_at = CLOCK.now()

    period = scene.microphone.read()

    assert scene.microphone.xruns == 1
    assert period.captured_at >= lost_at - 2_000


def test_a_reader_who_comes_late_loses_sound_once(scene: Scene) -> None:
    scene.microphone.read()
    time.sleep(0.25)
    for _ in range(3):
        scene.microphone.read()

    assert scene.microphone.xruns == 1


def test_a_card_that_loses_everything_is_an_error_and_no_endless_loop(
    scene: Scene,
) -> None:
    class Losing(FakeCard):
        @property
        @override
        def xruns_made(self) -> int:
            self.xrun()
            return super().xruns_made

    scene.microphone.close()
    scene.sound.unplug(scene.card)
    scene.sound.plug(Losing(CLOCK, "Device"))
    scene.microphone.open()

    with pytest.raises(DeviceError, match="loses all sound"):
        read_until_it_fails(scene.microphone)


def test_a_card_that_is_pulled_is_told_at_once(scene: Scene) -> None:
    scene.microphone.read()
    scene.sound.unplug(scene.card)
    begin = CLOCK.now()

    with pytest.raises(DeviceError, match="unplugged; plug it in again"):
        scene.microphone.read()

    assert CLOCK.now() - begin < 200_000


def test_plugged_in_again_under_another_number_it_is_found(scene: Scene) -> None:
    scene.sound.unplug(scene.card)
    with pytest.raises(DeviceError):
        scene.microphone.read()
    scene.microphone.close()
    with pytest.raises(DeviceError, match="no sound card called Device"):
        scene.microphone.open()

    scene.sound.plug(scene.card, number=5)
    scene.microphone.open()

    assert scene.microphone.read().pcm


def test_a_card_that_hangs_is_told_after_half_a_second_and_may_go_on(
    scene: Scene,
) -> None:
    scene.card.stall()
    begin = CLOCK.now()

    with pytest.raises(DeviceStalled):
        read_until_it_fails(scene.microphone)
    waited_s = (CLOCK.now() - begin) / 1_000_000
    scene.card.stall(stalled=False)

    assert 0.45 <= waited_s <= 0.8
    assert scene.microphone.read().pcm


def test_a_card_that_gives_parts_of_periods_is_read_until_they_are_whole(
    tmp_path: Path,
) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    sound.add("Device").short_reads = True

    periods = recorded(sound, clock, seconds=0.5, step_s=0.001)

    assert {len(period.pcm) for period in periods} == {1920}
    for one, other in pairwise(periods):
        assert other.captured_at - one.captured_at == pytest.approx(20_000, abs=101)


def test_a_card_that_fails_otherwise_is_told_in_its_own_words(scene: Scene) -> None:
    (pcm,) = scene.sound.machine.load().open_pcms
    pcm.close()

    with pytest.raises(DeviceError, match="PCM device is closed"):
        scene.microphone.read()


def test_the_cards_own_level_is_set_when_it_is_opened(scene: Scene) -> None:
    scene.microphone.close()
    loud = AlsaMicrophone(CLOCK, "Device", level=70, machine=scene.sound.machine)
    loud.open()
    loud.close()

    assert scene.card.levels == {"Mic": 70}
    assert scene.card.switched_on == {"Mic"}


FORMS = {
    "two channels only": CardKind(channels=(2,)),
    "32 bit only": CardKind(formats=("S32_LE",)),
    "16 kHz only": CardKind(rates=(16_000,)),
    "44.1 kHz only": CardKind(rates=(44_100,), channels=(2,)),
    "96 kHz only": CardKind(rates=(96_000,)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_card_of_another_form_gives_48_khz_mono_all_the_same(
    tmp_path: Path, form: str
) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    card = sound.add("Device", FORMS[form])
    card.play(0, tone(1000, 3.0))

    periods = recorded(sound, clock, seconds=1.0)
    heard = b"".join(period.pcm for period in periods)

    assert {len(period.pcm) for period in periods} == {1920}
    assert len(periods) >= 45
    assert pitch_of(heard[9600:]) == pytest.approx(1000, abs=3)


@pytest.mark.parametrize("drift_ppm", [-300.0, 0.0, 300.0])
@pytest.mark.parametrize("rate", [48_000, 16_000])
def test_stamps_follow_the_cards_own_clock(
    tmp_path: Path, drift_ppm: float, rate: int
) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    sound.add("Device", CardKind(rates=(rate,)), drift_ppm=drift_ppm)

    periods = recorded(sound, clock, seconds=60.0)
    began_at = periods[0].captured_at

    lasts_us = 20_000 / (1 + drift_ppm / 1e6)
    for number in (0, 100, 1000, len(periods) - 1):
        due = began_at + number * lasts_us
        assert periods[number].captured_at == pytest.approx(due, abs=1_500)
    for one, other in pairwise(periods):
        assert other.captured_at - one.captured_at == pytest.approx(20_000, abs=101)


def test_what_the_driver_keeps_is_taken_from_the_stamp(tmp_path: Path) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    sound.add("Device", CardKind(beyond_ms=6.0))
    plain = FakeSound(tmp_path / "plain", clock)
    plain.add("Device")

    last = []
    for one in (sound, plain):
        began_at = clock.now()
        last.append(recorded(one, clock, seconds=10.0)[-1].captured_at - began_at)

    assert last[1] - last[0] == pytest.approx(6_000, abs=1_100)


def read_until_it_fails(microphone: AlsaMicrophone) -> None:
    for _ in range(20):
        microphone.read()


def recorded(
    sound: FakeSound, clock: SteadyClock, *, seconds: float, step_s: float = 0.005
) -> list[Period]:
    """Record by a clock that is moved, as fast as the processor can."""
    opened = open_pcm("Device", SHAPE, sound.machine)
    recording = Recording(opened, clock, sound.machine)
    periods: list[Period] = []
    end = clock.now() + seconds * 1_000_000
    while clock.now() < end:
        clock.move(step_s)
        period = recording.take()
        if period is not None:
            periods.append(period)
    recording.close()
    return periods
