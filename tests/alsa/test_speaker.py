"""A loudspeaker that runs dry, hangs, is pulled out, or speaks another form."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kiosk.alsa.pcm import open_pcm
from kiosk.alsa.playing import Playing
from kiosk.alsa.testing import FakeCard, FakeSound
from kiosk.alsa.testing.card import CardKind
from kiosk.devices.speaker_alsa import SHAPE, AlsaSpeaker
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Micros
from tests.fakes.devices import CLOCK
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.tones import blocks_of, pitch_of, tone


SILENCE = bytes(960)


@dataclass(frozen=True)
class Scene:
    sound: FakeSound
    card: FakeCard
    speaker: AlsaSpeaker


@pytest.fixture(params=["0.10", "0.11"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    sound = FakeSound(tmp_path, CLOCK, request.param)
    card = sound.add("Device")
    speaker = AlsaSpeaker(CLOCK, "Device", machine=sound.machine)
    speaker.open()
    yield Scene(sound, card, speaker)
    speaker.close()


def test_a_writer_who_comes_late_is_counted_once_and_heard_from_now_on(
    scene: Scene,
) -> None:
    for _ in range(4):
        scene.speaker.write(SILENCE)
    time.sleep(0.15)
    came_back = CLOCK.now()

    heard_at = scene.speaker.write(SILENCE)

    assert scene.speaker.underruns == 1
    assert heard_at >= came_back


def test_lost_sound_is_counted_and_playing_goes_on(scene: Scene) -> None:
    scene.speaker.write(SILENCE)
    scene.card.xrun()
    for _ in range(4):
        scene.speaker.write(SILENCE)

    assert scene.speaker.underruns == 1


def test_a_card_that_is_pulled_is_told_at_once(scene: Scene) -> None:
    scene.speaker.write(SILENCE)
    scene.sound.unplug(scene.card)

    with pytest.raises(DeviceError, match="unplugged; plug it in again"):
        scene.speaker.write(SILENCE)


def test_plugged_in_again_under_another_number_it_is_found(scene: Scene) -> None:
    scene.sound.unplug(scene.card)
    scene.speaker.close()
    scene.sound.plug(scene.card, number=7)

    scene.speaker.open()

    assert scene.speaker.write(SILENCE)


def test_a_card_that_hangs_is_told_after_half_a_second_and_may_go_on(
    scene: Scene,
) -> None:
    scene.card.stall()
    begin = CLOCK.now()

    with pytest.raises(DeviceStalled):
        write_until_it_fails(scene.speaker)
    waited_s = (CLOCK.now() - begin) / 1_000_000
    scene.card.stall(stalled=False)

    assert 0.45 <= waited_s <= 0.8
    scene.speaker.close()
    scene.speaker.open()
    assert scene.speaker.write(SILENCE)


def test_what_waits_is_thrown_away_when_it_is_closed(scene: Scene) -> None:
    loud = b"\x00\x40" * 480
    for _ in range(8):
        scene.speaker.write(loud)
    closed, _ = scene.card.pointer(48_000)
    scene.speaker.close()

    ahead = scene.card.hear(closed + 960, 960)

    assert not np.any(ahead)


def test_the_cards_own_level_is_set_when_it_is_opened(scene: Scene) -> None:
    scene.speaker.close()
    loud = AlsaSpeaker(CLOCK, "Device", level=80, machine=scene.sound.machine)
    loud.open()
    loud.close()

    assert scene.card.levels == {"Speaker": 80}
    assert scene.card.switched_on == {"Speaker"}


def test_a_card_without_a_mixer_plays_at_the_level_it_has(tmp_path: Path) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    card = sound.add("Device", CardKind(controls=()))
    speaker = AlsaSpeaker(CLOCK, level=80, machine=sound.machine)
    speaker.open()

    assert speaker.write(SILENCE)
    assert card.levels == {}
    speaker.close()


FORMS = {
    "two channels only": CardKind(channels=(2,)),
    "32 bit only": CardKind(formats=("S32_LE",)),
    "16 kHz only": CardKind(rates=(16_000,)),
    "44.1 kHz only": CardKind(rates=(44_100,), channels=(2,)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_card_of_another_form_plays_48_khz_mono_all_the_same(
    tmp_path: Path, form: str
) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    card = sound.add("Device", FORMS[form])
    begin, _ = card.pointer(48_000)

    play(sound, clock, blocks_of(tone(1000, 1.0), 480))
    heard = card.hear(begin + 9_600, 28_800)

    assert pitch_of(heard.tobytes()) == pytest.approx(1000, abs=3)


@pytest.mark.parametrize("drift_ppm", [-300.0, 0.0, 300.0])
@pytest.mark.parametrize("rate", [48_000, 16_000])
def test_moments_follow_the_cards_own_clock(
    tmp_path: Path, drift_ppm: float, rate: int
) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    sound.add("Device", CardKind(rates=(rate,)), drift_ppm=drift_ppm)

    told = play(sound, clock, [SILENCE] * 6_000)

    lasts_us = 10_000 / (1 + drift_ppm / 1e6)
    for number in (100, 1000, 5_999):
        due = told[0] + number * lasts_us
        assert told[number] == pytest.approx(due, abs=1_500)
    assert all(9_990 <= b - a <= 10_011 for a, b in pairwise(told))


def test_what_the_driver_keeps_is_heard_later(tmp_path: Path) -> None:
    clock = SteadyClock()
    told = []
    for name, beyond_ms in (("usb", 6.0), ("plain", 0.0)):
        sound = FakeSound(tmp_path / name, clock)
        sound.add("Device", CardKind(beyond_ms=beyond_ms))
        began_at = clock.now()
        told.append(play(sound, clock, [SILENCE] * 50)[0] - began_at)

    assert told[0] - told[1] == pytest.approx(6_000, abs=1_100)


def test_a_card_with_a_long_buffer_is_not_filled(tmp_path: Path) -> None:
    clock = SteadyClock()
    sound = FakeSound(tmp_path, clock)
    sound.add("Device", CardKind(buffer_ms=1_000))

    ahead = play_as_fast_as_possible(sound, clock)

    assert 60_000 <= ahead <= 85_000


def play(sound: FakeSound, clock: SteadyClock, blocks: list[bytes]) -> list[Micros]:
    """Play by a clock that is moved, as fast as the processor can."""
    playing = Playing(open_pcm("Device", SHAPE, sound.machine), clock, sound.machine)
    told: list[Micros] = []
    for block in blocks:
        playing.put(block)
        while not playing.push():
            clock.move(0.002)
        told.append(playing.heard_at())
    playing.close()
    return told


def play_as_fast_as_possible(sound: FakeSound, clock: SteadyClock) -> int:
    """Return how far ahead of the ear one gets before there is no room."""
    playing = Playing(open_pcm("Device", SHAPE, sound.machine), clock, sound.machine)
    ahead = 0
    for _ in range(100):
        playing.put(SILENCE)
        if not playing.push():
            break
        ahead = playing.heard_at() - clock.now()
    playing.close()
    return ahead


def write_until_it_fails(speaker: AlsaSpeaker) -> None:
    for _ in range(20):
        speaker.write(SILENCE)
