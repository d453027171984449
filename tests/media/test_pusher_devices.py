"""What the devices of a published stream do to it: silence, stalls, losses, IDRs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from typing_extensions import override

from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.media.capture import Capture
from kiosk.media.echo import Cancellers, EchoPath
from kiosk.media.facts import FactPost
from kiosk.media.outgoing import Outgoing
from kiosk.media.pusher import StreamPusher
from kiosk.media.qos import RateController
from kiosk.media.reference import Reference
from kiosk.media.worker import WorkerRegistry
from kiosk.ports import AccessUnit, Bitrate, CaptureBack, CaptureLost, MediaFact
from kiosk.rtmp.live_queue import Drops
from tests.fakes.media_kit import (
    BITRATE,
    CEILING,
    QUICK,
    MediaKit,
    RecordingEncoder,
    open_relay,
    proxied_relay,
    until,
)
from tests.fakes.uncontrolled import Uncontrolled


class _LoudPart:
    """A pusher whose encoder input is recorded."""

    def __init__(self, kit: MediaKit) -> None:
        self.encoder = RecordingEncoder()
        registry = WorkerRegistry()
        post = FactPost(kit.facts.append)
        outgoing = Outgoing(kit.clock)
        capture = Capture(
            kit.camera,
            kit.microphone,
            outgoing,
            kit.clock,
            encoder=self.encoder,
            echo=EchoPath(Cancellers(), Reference()),
            self_view=None,
            post=post,
            registry=registry,
            deadlines=QUICK.capture,
        )
        self.pusher = StreamPusher(
            capture,
            outgoing,
            kit.clock,
            make_link=kit.session._link,
            controller=RateController(
                start=BITRATE, ceiling=CEILING, sound=Bitrate(54_000)
            ),
            post=post,
            registry=registry,
        )

    def heard(self) -> bytes:
        """Return what was encoded since the last look."""
        fed = b"".join(self.encoder.fed)
        self.encoder.fed.clear()
        return fed

    async def listen(self, seconds: float = 0.6) -> bytes:
        """Return what is encoded in so much time; a burst comes twice a second."""
        self.heard()
        await asyncio.sleep(seconds)
        return self.heard()


async def test_muted_means_exact_zeros_also_across_a_republish() -> None:
    kit = MediaKit()
    part = _LoudPart(kit)
    async with open_relay() as (_, host, port):
        await part.pusher.start(f"rtmp://{host}:{port}/live/k1")
        loud = await part.listen()
        part.pusher.set_muted(muted=True)
        await asyncio.sleep(0.05)  # the period under way
        muted = await part.listen()
        await part.pusher.republish(f"rtmp://{host}:{port}/live/k2")
        still_muted = await part.listen()
        part.pusher.set_muted(muted=False)
        loud_again = await part.listen()
        await part.pusher.close()

    assert any(loud)
    assert muted
    assert not any(muted)
    assert still_muted
    assert not any(still_muted)
    assert any(loud_again)


async def test_muted_before_the_start_never_lets_a_sound_out() -> None:
    kit = MediaKit()
    part = _LoudPart(kit)
    part.pusher.set_muted(muted=True)
    async with open_relay() as (_, host, port):
        await part.pusher.start(f"rtmp://{host}:{port}/live/k1")
        await asyncio.sleep(0.6)
        await part.pusher.close()
    heard = part.heard()

    stats = part.pusher.stats
    assert heard
    assert not any(heard)
    assert stats.muted
    # counted where it is encoded: all of it, and nothing that was not sent
    assert len(heard) / 2 / 48 == pytest.approx(stats.muted_ms, abs=50)


async def test_a_camera_that_stalls_is_told_once_and_again_after_it_came_back() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.camera.stall()
        await kit.fact(CaptureLost)
        kit.camera.stall(stalled=False)
        await kit.fact(CaptureBack)
        kit.camera.stall()
        await until(lambda: len(kit.facts) == 3)
        await pusher.close()

    lost, back, again = kit.facts
    assert back == CaptureBack("camera")
    assert [_device(lost), _device(again)] == ["camera", "camera"]


async def test_a_microphone_that_stalls_is_told() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.microphone.stall()
        fact = await kit.fact(CaptureLost)
        await pusher.close()

    assert _device(fact) == "microphone"


async def test_a_microphone_that_is_gone_is_opened_again() -> None:
    kit = MediaKit()
    part = _LoudPart(kit)
    async with open_relay() as (_, host, port):
        await part.pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.microphone.close()
        await kit.fact(CaptureLost)
        await until(lambda: kit.microphone.is_open)
        again = await part.listen(0.3)
        await part.pusher.close()

    assert again


def _device(fact: MediaFact) -> str:
    assert isinstance(fact, CaptureLost)
    return fact.device


async def test_closing_wakes_a_sender_long_before_its_deadline() -> None:
    patient = replace(QUICK, link=replace(QUICK.link, send_s=50.0))
    kit = MediaKit(patient, make_controller=Uncontrolled)  # or it never fills a socket
    async with proxied_relay() as (link, _):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{link.address}/live/k1")
        link.stall()
        # What waits becomes too old only while the sender waits for the socket.
        await until(lambda: pusher.stats.pictures_dropped > 0)
        await pusher.close()  # a thread that is not woken is a ZombieWorker

    assert kit.session.progress() == {}


async def test_the_relay_asks_for_an_idr_and_the_camera_makes_one() -> None:
    kit = MediaKit(camera=_counting_camera())
    camera = kit.camera
    assert isinstance(camera, CountingCamera)
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await asyncio.sleep(1.2)  # past the relay's interval between two wishes
        before = camera.idrs_wanted
        relay.request_idr("k1")
        await until(lambda: camera.idrs_wanted > before)
        await pusher.close()


class CountingCamera(SyntheticCamera):
    """Counts how often an IDR was wanted."""

    idrs_wanted = 0

    @override
    def request_idr(self) -> None:
        self.idrs_wanted += 1
        super().request_idr()


def _counting_camera() -> CountingCamera:
    return CountingCamera(
        MonotonicClock(), width=160, height=90, bitrate=BITRATE, ceiling=CEILING
    )


def test_old_pictures_are_dropped_and_an_idr_is_wanted() -> None:
    kit_clock = MonotonicClock()
    outgoing = Outgoing(kit_clock)
    outgoing.put_picture(AccessUnit(b"idr", kit_clock.now(), is_idr=True))
    time.sleep(0.25)

    assert outgoing.get(0) is None
    assert outgoing.take_idr_wanted()
    assert outgoing.drops == Drops(video_old=1)
