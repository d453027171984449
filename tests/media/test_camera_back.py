"""A camera that is pulled, or falls silent, in a call: back in time, or too late."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from kiosk.codec.i420 import plane_of
from kiosk.codec.no_camera import GROUND
from kiosk.devices.testing.v4l2_webcam import FakeWebcam
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.session import MediaSettings
from kiosk.ports import CaptureLost, Layer, Peer, PeerSilent, Rect, SoftFrame
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, until
from tests.fakes.webcams import camera_on, webcam


PATIENT = replace(
    QUICK,
    capture=CaptureDeadlines(away_s=5.0),
    self_view=lambda _screen, size: Rect(0, 0, *size),
)
QUIET_DBFS = -60
HASTY = replace(QUICK, capture=CaptureDeadlines(silent_s=0.5, away_s=3.0))


def kit_with(cam: FakeWebcam, settings: MediaSettings) -> MediaKit:
    kit = MediaKit(settings)
    kit.camera = camera_on(cam, size=(160, 120))  # type: ignore[assignment]
    return kit


async def test_a_camera_that_is_put_back_goes_on_in_the_same_call() -> None:
    cam = webcam()
    kit = kit_with(cam, PATIENT)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: kit.display.newest(Layer.PIP) is not None)
        cam.unplug()
        await until(lambda: kit.display.newest(Layer.PIP) is None)
        cam.plug()
        await until(lambda: kit.display.newest(Layer.PIP) is not None)
        sent = pusher.stats.pictures_sent
        await until(lambda: pusher.stats.pictures_sent > sent + 3)
        await pusher.close()

    assert kit.facts == []


async def test_a_silent_camera_that_is_opened_again_goes_on_in_the_same_call() -> None:
    cam = webcam()
    kit = kit_with(cam, PATIENT)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        cam.switches.stalled = True
        await until(lambda: not kit.camera.is_open)
        cam.switches.stalled = False
        sent = pusher.stats.pictures_sent
        await until(lambda: pusher.stats.pictures_sent > sent + 3)
        await pusher.close()

    assert kit.facts == []


async def test_a_camera_that_stays_away_is_told_once_with_the_reason() -> None:
    cam = webcam()
    kit = kit_with(cam, HASTY)
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        cam.unplug()
        await kit.fact(CaptureLost)
        await pusher.close()

    assert kit.facts == [CaptureLost("camera", "unplugged or failed for 3.0 s")]


async def test_who_watches_sees_a_card_and_hears_on_and_then_the_camera_again() -> None:
    cam, agent = webcam(), MediaKit()
    kit = kit_with(cam, PATIENT)
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = agent.session.new_player(agent.facts.append)
        await pusher.start(url)
        await player.play(Peer("kiosk", "Kiosk", url))
        await until(lambda: is_shown(agent, a_card=False))
        cam.unplug()
        await until(lambda: is_shown(agent, a_card=True))
        await asyncio.sleep(0.6)  # a level is that of the last half second
        await until(lambda: agent.speaker.level_dbfs > QUIET_DBFS)
        cam.plug()
        await until(lambda: is_shown(agent, a_card=False))
        await player.close()
        await pusher.close()

    assert PeerSilent("kiosk") not in agent.facts


def is_shown(kit: MediaKit, *, a_card: bool) -> bool:
    """Say whether a peer's newest picture is one, or is a picture that is none."""
    shown = kit.display.newest(Layer.BASE)
    if not isinstance(shown, SoftFrame):
        return False
    corner = plane_of(shown, 0)[:8, :8]
    return bool((abs(corner.astype(int) - GROUND) < 8).all()) is a_card
