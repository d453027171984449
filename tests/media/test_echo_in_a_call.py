"""The canceller on the product's own threads: loading, muting, failing."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
from typing_extensions import override

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.media.echo import Cancellers, Choice
from kiosk.ports import EchoCanceller
from tests.fakes.echo_stand_ins import NotingCanceller, absent
from tests.fakes.media_kit import until
from tests.fakes.sound_path import sound_path


CLOCK = MonotonicClock()
HISS = np.random.default_rng(1).integers(-900, 900, 480).astype("<i2").tobytes()


class HissingCanceller(NotingCanceller):
    """Adds comfort noise of its own, as real ones may."""

    @override
    def cancel(self, near: bytes, far: bytes) -> bytes:
        super().cancel(near, far)
        return HISS


def cancellers(*made: EchoCanceller) -> Cancellers:
    return Cancellers(
        [Choice(f"c{i}", lambda one=one: one) for i, one in enumerate(made)]  # type: ignore[misc]
    )


async def test_muted_is_exact_silence_whatever_the_canceller_makes_up() -> None:
    canceller = HissingCanceller()
    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    async with sound_path(CLOCK, microphone, speaker, cancellers(canceller)) as path:
        await until(lambda: len(canceller.near) > 5)
        path.capture.listening.muted = True
        await asyncio.sleep(0.05)  # the period under way
        path.encoder.fed.clear()
        taken_before = len(canceller.near)
        await until(lambda: len(canceller.near) > taken_before + 20)
        muted = path.sent()
        path.capture.listening.muted = False
        await until(lambda: any(path.encoder.fed[-1]))

    assert len(muted) >= 19 * 960
    assert not any(muted)


async def test_the_canceller_hears_what_the_loudspeaker_plays() -> None:
    canceller = NotingCanceller()
    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    async with sound_path(CLOCK, microphone, speaker, cancellers(canceller)) as path:
        await until(lambda: speaker.is_open and len(canceller.far) > 20)
        name = path.capture.echo_canceller

    assert name == "c0"
    assert canceller.is_closed
    assert {len(block) for block in canceller.far} == {960}


async def test_a_library_that_loads_slowly_holds_neither_call_nor_microphone_up() -> (
    None
):
    gate, threads = threading.Event(), list[str]()

    def load() -> EchoCanceller:
        threads.append(threading.current_thread().name)
        gate.wait(5.0)
        return NotingCanceller()

    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    choice = Cancellers([Choice("slow", load)])
    async with sound_path(CLOCK, microphone, speaker, choice) as path:
        await until(lambda: len(path.encoder.fed) > 10)
        meanwhile = path.capture.echo_canceller
        gate.set()
        await until(lambda: path.capture.echo_canceller == "slow")

    assert meanwhile == "off"
    assert threads == ["echo"]


async def test_nothing_is_loaded_before_a_call_and_nothing_kept_after_it() -> None:
    made: list[NotingCanceller] = []

    def load() -> EchoCanceller:
        made.append(NotingCanceller())
        return made[-1]

    choice = Cancellers([Choice("a", load)])
    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    before = len(made)
    for _ in range(2):
        async with sound_path(CLOCK, microphone, speaker, choice):
            await until(lambda: bool(made) and bool(made[-1].near))

    assert before == 0
    assert [canceller.is_closed for canceller in made] == [True, True]


async def test_a_canceller_that_fails_in_the_call_is_replaced_and_the_name_changes() -> (
    None
):
    failing, spare = NotingCanceller(fails_after=10), NotingCanceller()
    usable = cancellers(failing, spare)
    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    async with sound_path(CLOCK, microphone, speaker, usable) as path:
        await until(lambda: len(spare.near) > 10)
        name = path.capture.echo_canceller

    assert name == "c1"
    assert failing.is_closed
    assert not path.facts


async def test_a_call_without_any_canceller_goes_on() -> None:
    choice = Cancellers([Choice("a", absent)])
    microphone, speaker = SyntheticMicrophone(CLOCK), SyntheticSpeaker(CLOCK)
    async with sound_path(CLOCK, microphone, speaker, choice) as path:
        await until(lambda: any(path.sent()))

    assert path.capture.echo_canceller == "off"
