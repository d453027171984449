"""The chime before a queued call opens the camera, and hanging up while it sounds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from kiosk.app.chime import play_all, ring, tune
from kiosk.codec.loudness import at_volume
from kiosk.daemon.volume import Volume
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE
from tests.fakes.eventually import eventually
from tests.fakes.hearing import samples_of
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.timeless_speaker import seconds, timeless_speaker


NOTES = (523, 659, 784)
LENGTH_S = 1.05
BUFFER_MS = 80
STEP_S = 0.02


def rings() -> bool:
    return any(thread.name == "chime" for thread in threading.enumerate())


async def test_the_chime_is_played_whole_and_leaves_no_thread() -> None:
    speaker = timeless_speaker()
    async with asyncio.timeout(10):
        await ring(lambda: speaker)

    notes = b"".join(tune(NOTES))
    assert seconds(notes) == pytest.approx(LENGTH_S)
    assert speaker.played().rstrip(b"\0") == notes.rstrip(b"\0")
    assert not rings()


async def test_whoever_hangs_up_hears_no_more_of_it_and_the_speaker_is_free() -> None:
    clock = SteadyClock()
    speaker = SyntheticSpeaker(clock, buffer_ms=BUFFER_MS)

    async def hang_up() -> None:
        ringing.cancel()
        for _ in range(5):
            await asyncio.sleep(0)  # it is told; the speaker still has no room
        clock.move(STEP_S)
        await asyncio.wait({ringing})

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        ringing = tasks.create_task(ring(lambda: speaker))
        await eventually(lambda: seconds(speaker.played()) * 1000 >= BUFFER_MS)
        await hang_up()

        assert not rings()
        heard_s = seconds(speaker.played())
    again = timeless_speaker()
    async with asyncio.timeout(10):
        await ring(lambda: again)

    assert heard_s <= BUFFER_MS / 1000 + STEP_S
    assert seconds(speaker.played()) == heard_s
    assert seconds(again.played()) >= LENGTH_S


async def test_a_speaker_that_is_absent_is_told() -> None:
    speaker = SyntheticSpeaker(MonotonicClock(), absent=True)
    with pytest.raises(DeviceError):
        await ring(lambda: speaker)

    assert not rings()


async def test_it_is_as_loud_as_somebody_turned_it_while_it_sounds() -> None:
    speaker, volume = timeless_speaker(), Volume(-3)
    second = bytes(samples_of(b"\x10\x20" * SAMPLE_RATE))

    def turned_down() -> Iterator[bytes]:
        yield second
        volume.turn(up=False)
        yield second

    async with asyncio.timeout(10):
        await play_all(lambda: speaker, turned_down(), volume)

    assert speaker.played() == at_volume(second, -3) + at_volume(second, -6)


async def test_the_chime_is_as_loud_as_people_like_it() -> None:
    speaker = timeless_speaker()
    async with asyncio.timeout(10):
        await ring(lambda: speaker, Volume(-6))

    loudest = max(samples_of(b"".join(tune(NOTES))))
    assert max(samples_of(speaker.played())) == pytest.approx(loudest / 2, rel=0.01)


def test_what_is_made_too_loud_is_cut_off_and_does_not_turn_over() -> None:
    loud = np.array([30_000, -30_000, 100], "<i2").tobytes()

    assert list(samples_of(at_volume(loud, 9.0))) == [32_767, -32_768, 282]
