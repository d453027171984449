"""The chime before a queued call opens the camera, and hanging up while it sounds."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kiosk.app.chime import ring
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE
from tests.fakes.eventually import eventually


LENGTH_S = 1.05


def rings() -> bool:
    return any(thread.name == "chime" for thread in threading.enumerate())


def played_s(speaker: SyntheticSpeaker) -> float:
    return len(speaker.played()) / 2 / SAMPLE_RATE


async def test_the_chime_is_played_whole_and_leaves_no_thread() -> None:
    speaker = SyntheticSpeaker(MonotonicClock())
    async with asyncio.timeout(10):
        await ring(lambda: speaker)

    assert played_s(speaker) == pytest.approx(LENGTH_S, abs=0.05)
    assert not rings()


async def test_whoever_hangs_up_hears_no_more_of_it_and_the_speaker_is_free() -> None:
    speaker = SyntheticSpeaker(MonotonicClock())
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        ringing = tasks.create_task(ring(lambda: speaker))
        await eventually(lambda: played_s(speaker) > 0.0)
        ringing.cancel()
        await asyncio.wait({ringing})

        assert not rings()
        heard_s = played_s(speaker)
    again = SyntheticSpeaker(MonotonicClock())
    async with asyncio.timeout(10):
        await ring(lambda: again)

    assert heard_s < LENGTH_S / 2
    assert played_s(speaker) == heard_s


async def test_a_speaker_that_is_absent_is_told() -> None:
    speaker = SyntheticSpeaker(MonotonicClock(), absent=True)
    with pytest.raises(DeviceError):
        await ring(lambda: speaker)

    assert not rings()
