"""A headset or hearing loop plays in the loudspeaker's place while it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.alsa.testing import FakeCard, FakeSound
from kiosk.alsa.testing.card import CardKind
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Micros
from tests.fakes.devices import CLOCK


BLOCK = b"\x00\x20" * 960
LASTS_US = 20_000
TRIES = 3  # the machine itself may pause for longer than any change takes


@dataclass(frozen=True)
class Scene:
    sound: FakeSound
    main: FakeCard
    headset: FakeCard
    speaker: AlsaSpeaker


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    sound = FakeSound(tmp_path, CLOCK)
    main = sound.add("Device")
    headset = FakeCard(CLOCK, "Loop", CardKind(usb_port="1-1.4"))
    speaker = AlsaSpeaker(CLOCK, "Device", headset="usb:1-1.4", machine=sound.machine)
    yield Scene(sound, main, headset, speaker)
    speaker.close()


def play(speaker: AlsaSpeaker, seconds: float) -> list[Micros]:
    return [speaker.write(BLOCK) for _ in range(round(seconds / 0.02))]


def longest_gap_us(told: list[Micros]) -> int:
    return max(b - a - LASTS_US for a, b in pairwise(told))


def test_it_plays_from_the_start_where_it_is_plugged_in(scene: Scene) -> None:
    scene.sound.plug(scene.headset)
    scene.speaker.open()

    assert scene.speaker.is_on_headset
    assert "Loop" in scene.speaker.probe().found


def test_without_it_the_loudspeaker_plays(scene: Scene) -> None:
    scene.speaker.open()

    assert not scene.speaker.is_on_headset
    assert "Device" in scene.speaker.probe().found


def test_plugged_in_within_a_call_it_takes_over_without_a_long_gap(
    scene: Scene,
) -> None:
    gaps: list[int] = []
    scene.speaker.open()
    for _ in range(TRIES):
        told = play(scene.speaker, 0.2)
        scene.sound.plug(scene.headset)
        told += play(scene.speaker, 0.6)
        assert scene.speaker.is_on_headset
        gaps.append(longest_gap_us(told))
        scene.sound.unplug(scene.headset)

    assert min(gaps) < 100_000


def test_pulled_within_a_call_the_loudspeaker_plays_without_a_long_gap(
    scene: Scene,
) -> None:
    gaps: list[int] = []
    for _ in range(TRIES):
        scene.sound.plug(scene.headset)
        scene.speaker.open()
        told = play(scene.speaker, 0.2)
        scene.sound.unplug(scene.headset)
        told += play(scene.speaker, 0.2)
        assert not scene.speaker.is_on_headset
        gaps.append(longest_gap_us(told))
        scene.speaker.close()

    assert min(gaps) < 100_000


def test_a_headset_that_cannot_be_opened_leaves_the_loudspeaker_playing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.speaker.open()
    scene.sound.plug(scene.headset)
    scene.sound.hold(scene.headset, 12, "mpv")
    with caplog.at_level("INFO"):
        play(scene.speaker, 1.3)

    assert not scene.speaker.is_on_headset
    assert caplog.messages == ["loudspeaker not changed"]  # once, not at each try


def test_a_headset_that_is_busy_at_first_is_no_reason_to_be_silent(
    scene: Scene,
) -> None:
    scene.sound.plug(scene.headset)
    scene.sound.hold(scene.headset, 12, "mpv")
    scene.speaker.open()

    assert not scene.speaker.is_on_headset
    assert play(scene.speaker, 0.1)


def test_a_headset_that_hangs_leaves_the_call_to_the_loudspeaker(scene: Scene) -> None:
    scene.sound.plug(scene.headset)
    scene.speaker.open()
    play(scene.speaker, 0.1)

    scene.headset.stall()
    play(scene.speaker, 1.2)
    assert not scene.speaker.is_on_headset

    scene.main.stall()
    with pytest.raises(DeviceStalled):
        play(scene.speaker, 0.4)


def test_a_headset_that_hangs_when_it_is_opened_is_tried_once(scene: Scene) -> None:
    scene.headset.hangs_s = 0.15
    scene.speaker.open()
    scene.sound.plug(scene.headset)
    play(scene.speaker, 1.3)

    assert not scene.speaker.is_on_headset
    assert scene.headset.n_hung == 1


def test_a_headset_that_hangs_before_the_call_is_left_in_it(scene: Scene) -> None:
    scene.headset.hangs_s = 0.15
    scene.sound.plug(scene.headset)
    scene.speaker.open()
    play(scene.speaker, 1.3)

    assert not scene.speaker.is_on_headset
    assert scene.headset.n_hung == 1


def test_with_both_pulled_it_is_an_error_like_any_other(scene: Scene) -> None:
    scene.sound.plug(scene.headset)
    scene.speaker.open()
    scene.speaker.write(BLOCK)
    scene.sound.unplug(scene.headset)
    scene.sound.unplug(scene.main)

    with pytest.raises(DeviceError, match="no sound card called Device"):
        scene.speaker.write(BLOCK)


def test_a_card_that_stays_counts_only_while_something_is_in_its_socket(
    tmp_path: Path,
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")
    hat = sound.add("Hat", CardKind(usb_port="", has_jack=True))
    speaker = AlsaSpeaker(CLOCK, "Device", headset="Hat", machine=sound.machine)
    speaker.open()
    used = [speaker.is_on_headset]
    for is_in in (True, False):
        hat.is_jack_in = is_in
        play(speaker, 0.7)
        used.append(speaker.is_on_headset)
    speaker.close()

    assert used == [False, True, False]


def test_a_socket_nobody_may_look_into_counts_as_used(tmp_path: Path) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")
    sound.add("Hat", CardKind(usb_port="", has_jack=True)).hides_jack = True
    speaker = AlsaSpeaker(CLOCK, "Device", headset="Hat", machine=sound.machine)
    speaker.open()

    assert speaker.is_on_headset
    speaker.close()
