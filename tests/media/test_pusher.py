"""Publishing: to a real relay, to silence, to a peer that stops reading."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.errors import DeviceError, StreamEnded, StreamRefused, StreamStalled
from kiosk.media.pusher import StreamPusher
from kiosk.ports import PushLost
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Refusal
from kiosk.rtmp import flv
from kiosk.rtmp.events import AudioTag, Metadata, VideoTag
from tests.fakes.media_kit import (
    QUICK,
    MediaKit,
    open_relay,
    proxied_relay,
    small_camera,
    until,
)
from tests.fakes.rtmp_sockets import playing
from tests.fakes.silent_server import silent_server


SECRET = "txSecret=0123456789abcdef"


async def test_publishing_begins_with_headers_and_an_idr() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        async with playing(url) as viewer:
            await pusher.start(url)
            await viewer.wait_until(
                lambda: viewer.count(VideoTag) >= 3 and viewer.count(AudioTag) >= 3
            )
        await pusher.close()

    video = [flv.parse_video(tag.payload) for tag in viewer.of(VideoTag)]
    audio = [flv.parse_audio(tag.payload) for tag in viewer.of(AudioTag)]
    assert isinstance(video[0], flv.VideoConfig)
    assert isinstance(video[1], flv.VideoUnit)
    assert video[1].is_idr
    assert isinstance(audio[0], flv.AacConfig)
    metadata = flv.parse_metadata(viewer.of(Metadata)[0].payload)
    assert (metadata["width"], metadata["height"]) == (160.0, 90.0)


async def test_timestamps_of_each_medium_never_step_back() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        async with playing(url) as viewer:
            await pusher.start(url)
            await viewer.wait_until(lambda: viewer.count(AudioTag) >= 20)
        await pusher.close()

    sound = [tag.timestamp_ms for tag in viewer.of(AudioTag)]
    pictures = [tag.timestamp_ms for tag in viewer.of(VideoTag)]
    assert sound == sorted(sound)
    assert pictures == sorted(pictures)


async def test_a_silent_server_is_given_up_by_the_deadline_and_the_loop_turns() -> None:
    kit = MediaKit()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    with silent_server() as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        async with asyncio.TaskGroup() as tasks:
            turning = tasks.create_task(turn())
            with pytest.raises(StreamStalled, match=r"no answer within 1\.5 s"):
                await pusher.start(f"rtmp://127.0.0.1:{port}/live/k1?{SECRET}")
            turning.cancel()

    assert turns > 10
    assert not kit.camera.is_open
    assert not kit.microphone.is_open


async def test_an_error_of_the_stream_never_shows_its_key() -> None:
    kit = MediaKit()
    with silent_server() as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(StreamStalled) as caught:
            await pusher.start(f"rtmp://127.0.0.1:{port}/live/k1?{SECRET}")

    assert SECRET not in str(caught.value)


async def test_a_refused_key_closes_the_devices_again() -> None:
    kit = MediaKit()
    relay = Relay(
        authorize_publish=lambda app, name, query: Refusal(f"wrong key {query}"),
        authorize_play=lambda app, name, query: lambda: "",
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve("127.0.0.1", 0) as (host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(StreamRefused) as caught:
            await pusher.start(f"rtmp://{host}:{port}/live/k1?{SECRET}")

    assert not kit.camera.is_open
    assert not kit.microphone.is_open
    assert SECRET not in str(caught.value)


async def test_an_absent_camera_is_named_and_nothing_stays_open() -> None:
    kit = MediaKit(camera=small_camera(MonotonicClock(), absent=True))
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(DeviceError, match="camera"):
            await pusher.start(f"rtmp://{host}:{port}/live/k1")

        assert not kit.microphone.is_open
        await until(lambda: not relay.is_live("k1"))


async def test_an_absent_microphone_is_named_and_nothing_stays_open() -> None:
    kit = MediaKit(microphone=SyntheticMicrophone(MonotonicClock(), absent=True))
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(DeviceError, match="microphone"):
            await pusher.start(f"rtmp://{host}:{port}/live/k1")

        assert not kit.camera.is_open


async def test_a_peer_that_stops_reading_costs_pictures_and_is_told_once() -> None:
    patient = replace(QUICK.link, send_s=1.5)
    kit = MediaKit(replace(QUICK, link=patient))
    async with proxied_relay() as (link, _):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{link.address}/live/k1")
        link.stall()
        await kit.fact(PushLost, seconds=15)
        stats = pusher.stats
        camera_was_open = kit.camera.is_open
        await pusher.close()

    assert stats.braked_ms > 0
    # nothing of the stall: it was not even encoded
    assert stats.pictures_dropped == stats.drops["moved"]
    assert camera_was_open
    assert [type(fact) for fact in kit.facts] == [PushLost]  # the camera is not lost


async def test_a_peer_that_stops_reading_is_noticed_before_the_buffer_is_full() -> None:
    roomy = replace(QUICK.link, send_s=1.0, send_buffer_bytes=1_000_000)
    kit = MediaKit(replace(QUICK, link=roomy))
    async with proxied_relay() as (link, _):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{link.address}/live/k1")
        link.stall()
        fact = await kit.fact(PushLost)
        await pusher.close()

    assert isinstance(fact, PushLost)
    assert "took nothing more for 1.0 s" in fact.reason


async def test_a_relay_behind_a_box_that_hears_us_in_its_place_is_missed() -> None:
    kit = MediaKit()
    async with proxied_relay() as (link, _):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{link.address}/live/k1")
        await asyncio.sleep(0.3)  # the first answer
        link.swallow()
        fact = await kit.fact(PushLost, seconds=10)
        await pusher.close()

    assert isinstance(fact, PushLost)
    assert "the relay no longer answers" in fact.reason


async def test_a_link_that_drops_is_told_and_the_camera_stays_open() -> None:
    kit = MediaKit()
    async with proxied_relay() as (link, _):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{link.address}/live/k1")
        link.reset()
        await kit.fact(PushLost)

        assert kit.camera.is_open
        assert kit.microphone.is_open
        await pusher.close()


async def test_republishing_keeps_the_devices_open_and_begins_with_an_idr() -> None:
    kit = MediaKit()
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        second = f"rtmp://{host}:{port}/live/k2"
        async with playing(second) as viewer:
            await pusher.republish(second)
            was_open = kit.camera.is_open and kit.microphone.is_open
            await viewer.wait_until(lambda: viewer.count(VideoTag) >= 2)
        await until(lambda: not relay.is_live("k1"))
        reconnects = pusher.stats.reconnects
        await pusher.close()

    first_unit = flv.parse_video(viewer.of(VideoTag)[1].payload)
    assert was_open
    assert isinstance(first_unit, flv.VideoUnit)
    assert first_unit.is_idr
    assert reconnects == 1
    assert not any(isinstance(fact, PushLost) for fact in kit.facts)


async def test_republishing_to_silence_fails_and_can_be_tried_again() -> None:
    kit = MediaKit()
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        with silent_server() as dead, pytest.raises(StreamStalled):
            await pusher.republish(f"rtmp://{host}:{dead}/live/k1")
        await pusher.republish(f"rtmp://{host}:{port}/live/k2")

        assert relay.is_live("k2")
        await pusher.close()


async def test_closing_while_a_start_waits_ends_it_at_once() -> None:
    kit = MediaKit()
    with silent_server() as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        async with asyncio.TaskGroup() as tasks:
            starting = tasks.create_task(
                _ended(pusher, f"rtmp://127.0.0.1:{port}/live/k1")
            )
            await until(lambda: kit.camera.is_open)
            await pusher.close()

    assert starting.result()
    assert not kit.camera.is_open


async def _ended(pusher: StreamPusher, url: str) -> bool:
    try:
        await pusher.start(url)
    except StreamEnded:
        return True
    return False


async def test_a_cancelled_start_leaves_nothing_once_it_is_closed() -> None:
    kit = MediaKit()
    with silent_server() as port:
        pusher = kit.session.new_pusher(kit.facts.append)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await pusher.start(f"rtmp://127.0.0.1:{port}/live/k1")
        await pusher.close()

    assert not kit.camera.is_open
    assert not kit.microphone.is_open


async def test_nothing_is_published_after_close() -> None:
    kit = MediaKit()
    async with open_relay() as (relay, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await pusher.close()
        with pytest.raises(StreamEnded):
            await pusher.republish(f"rtmp://{host}:{port}/live/k2")
        await pusher.close()

        assert not relay.is_live("k2")
