"""Sound cards on the product's own threads: pulled and put back, and their echo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from kiosk.alsa.testing import FakeCard, FakeSound
from kiosk.alsa.testing.card import CardKind
from kiosk.devices.microphone_alsa import AlsaMicrophone
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.media.echo import EARLY_US, Cancellers, Choice
from kiosk.ports import CaptureLost, Micros
from tests.fakes.devices import CLOCK
from tests.fakes.echo_stand_ins import NotingCanceller
from tests.fakes.media_kit import until
from tests.fakes.sound_path import SoundPath, sound_path
from tests.fakes.tones import place_of


class Branch:
    """A kiosk's microphone and loudspeaker, on cards of their own."""

    def __init__(self, folder: Path) -> None:
        self.sound = FakeSound(folder, CLOCK)
        self.mic = self.sound.add("Mic", CardKind(plays=False))
        self.box = self.sound.add("Box", CardKind(records=False, usb_port="1-1.4"))
        machine = self.sound.machine
        self.microphone = AlsaMicrophone(CLOCK, "Mic", machine=machine)
        self.speaker = AlsaSpeaker(CLOCK, "Box", machine=machine)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[SoundPath]:
        none = Cancellers()
        async with sound_path(CLOCK, self.microphone, self.speaker, none) as path:
            await until(lambda: bool(path.encoder.fed) and self.speaker.is_open)
            yield path

    def swap(self, card: FakeCard) -> None:
        """Put a card back in where it gets another number."""
        self.sound.plug(card, number=17)


class SingingSpeaker(AlsaSpeaker):
    """Plays noise, whatever it is given."""

    noise = np.random.default_rng(7).integers(-8_000, 8_000, 480_000, np.int16)
    place = 0

    @override
    def write(self, pcm: bytes) -> Micros:
        size = len(pcm) // 2
        piece = self.noise[np.arange(self.place, self.place + size) % self.noise.size]
        self.place += size
        return super().write(piece.tobytes())


def lost(path: SoundPath) -> list[str]:
    return [fact.device for fact in path.facts if isinstance(fact, CaptureLost)]


async def test_a_microphone_that_is_pulled_and_put_back_is_heard_again(
    tmp_path: Path,
) -> None:
    branch = Branch(tmp_path)
    async with branch.call() as path:
        branch.sound.unplug(branch.mic)
        await until(lambda: bool(lost(path)))
        await until(lambda: not branch.microphone.is_open)
        path.encoder.fed.clear()
        branch.swap(branch.mic)
        await until(lambda: len(path.encoder.fed) > 5)

    assert lost(path) == ["microphone"]


async def test_a_loudspeaker_that_is_pulled_and_put_back_plays_again(
    tmp_path: Path,
) -> None:
    branch = Branch(tmp_path)
    async with branch.call() as path:
        branch.sound.unplug(branch.box)
        await until(lambda: bool(lost(path)))
        fed = len(path.encoder.fed)
        await until(lambda: len(path.encoder.fed) > fed + 5)
        branch.swap(branch.box)
        await until(lambda: branch.speaker.is_open)

    assert lost(path) == ["speaker"]


async def test_sound_that_a_card_loses_in_a_call_is_counted(tmp_path: Path) -> None:
    branch = Branch(tmp_path)
    async with branch.call() as path:
        branch.mic.xrun()
        await until(lambda: path.capture.listening.xruns == 1)
        branch.sound.unplug(branch.mic)
        await until(lambda: not branch.microphone.is_open)
        branch.swap(branch.mic)
        await until(lambda: branch.microphone.is_open)
        await asyncio.sleep(0.1)
        branch.mic.xrun()
        await until(lambda: path.capture.listening.xruns == 2)

    assert lost(path) == ["microphone"]


@pytest.mark.parametrize("drift_ppm", [0.0, 200.0])
async def test_the_canceller_gets_what_was_heard_when_it_was_heard(
    tmp_path: Path, drift_ppm: float
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    card = sound.add("Device", drift_ppm=drift_ppm)
    microphone = AlsaMicrophone(CLOCK, machine=sound.machine)
    speaker = SingingSpeaker(CLOCK, machine=sound.machine)
    canceller = NotingCanceller()
    choice = Cancellers([Choice("noting", lambda: canceller)])
    async with sound_path(CLOCK, microphone, speaker, choice):
        await until(lambda: len(canceller.near) > 300)

    near = np.frombuffer(b"".join(canceller.near[150:300]), np.int16)
    far = np.frombuffer(b"".join(canceller.far[150:300]), np.int16)
    late = place_of(far[:48_000], near) / 48
    assert np.any(near)
    assert card.is_there
    assert late == pytest.approx(EARLY_US / 1000, abs=2.0)
