"""A microphone or loudspeaker that goes and comes back within a call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from typing_extensions import override

from kiosk.codec.beep import Pcm, ToneSource
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.ports import (
    AccessUnit,
    CaptureBack,
    CaptureLost,
    DmabufFrame,
    Micros,
    SoftFrame,
)
from tests.fakes.media_kit import BITRATE, CEILING, QUICK, MediaKit, open_relay, until
from tests.media.test_player import peer, publishing_kiosk


async def test_a_microphone_that_stalls_is_opened_anew_and_told_when_it_is_back() -> (
    None
):
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.microphone.stall()
        lost = await kit.fact(CaptureLost)
        kit.microphone.stall(stalled=False)
        back = await kit.fact(CaptureBack)
        await pusher.close()

    assert (lost.device, back.device) == ("microphone", "microphone")  # type: ignore[union-attr]


class _DeafSource:
    """Gives one sample again and again, until it hears."""

    hears = False

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        if self.hears:
            return ToneSource().fill(period_start, n_samples)
        return np.full(n_samples, 5, np.int16)


async def test_a_microphone_that_hears_nothing_is_told_and_taken_back_unless_muted() -> (
    None
):
    source = _DeafSource()
    settings = replace(QUICK, capture=replace(QUICK.capture, deaf_s=0.4))
    microphone = SyntheticMicrophone(MonotonicClock(), source)
    kit = MediaKit(settings, microphone=microphone)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        pusher.set_muted(muted=True)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: pusher.stats.muted_ms > 800)
        assert not kit.facts
        pusher.set_muted(muted=False)
        lost = await kit.fact(CaptureLost)
        assert microphone.is_open  # it is listened to: it may hear again
        source.hears = True
        back = await kit.fact(CaptureBack)
        await pusher.close()

    wrong = "the same sample for 0.4 s: dead, or muted"
    assert (lost, back) == (CaptureLost("microphone", wrong), CaptureBack("microphone"))
    assert len(kit.facts) == 2


async def test_silence_is_proven_by_what_is_encoded_not_by_the_order() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        pusher.set_muted(muted=True)
        assert not pusher.stats.silenced
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: pusher.stats.silenced)
        kit.microphone.stall()
        pusher.set_muted(muted=False)
        assert pusher.stats.silenced  # nothing else was encoded since
        kit.microphone.stall(stalled=False)
        await until(lambda: not pusher.stats.silenced)
        await pusher.close()


async def test_a_loudspeaker_plugged_in_again_plays_and_is_told() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with publishing_kiosk(url):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await until(lambda: kit.speaker.is_open)
            kit.speaker.close()  # the next write fails
            lost = await kit.fact(CaptureLost)
            back = await kit.fact(CaptureBack)
            await player.close()

    assert (lost.device, back.device) == ("speaker", "speaker")  # type: ignore[union-attr]


class _SlowCamera(SyntheticCamera):
    """Takes its time to begin, as a sensor of a small board does."""

    @override
    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        time.sleep(1.6)  # longer than pictures may stay away later on
        super().start(on_unit, on_preview)


async def test_a_camera_that_begins_slowly_is_not_lost_before_it_began() -> None:
    clock = MonotonicClock()
    camera = _SlowCamera(clock, width=160, height=90, bitrate=BITRATE, ceiling=CEILING)
    kit = MediaKit(camera=camera)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: pusher.stats.pictures_sent > 2)
        await pusher.close()

    assert not kit.facts
