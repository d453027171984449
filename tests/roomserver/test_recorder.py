"""An external recorder: it gets what a room sends, and nobody ever waits for it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.roomserver.recorder_terms import TeeState
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Refusal
from kiosk.rtmp.events import AudioTag, VideoTag
from tests.fakes.eventually import eventually
from tests.fakes.proxy import proxy
from tests.fakes.recorder_stage import QUICK, a_relay, camera, stage, to
from tests.fakes.rtmp_sockets import AUDIO_CONFIG, IDR, VIDEO_CONFIG, playing
from tests.fakes.silent_server import silent_server


async def test_a_recorder_gets_what_the_room_sends_from_a_config_and_an_idr_on() -> (
    None
):
    async with (
        a_relay() as (_, recorder),
        stage(to(recorder)) as it,
        camera(it.at) as kiosk,
    ):
        kiosk.send()
        it.sit("kiosk", "s1")
        async with playing(f"rtmp://{recorder}/rec/desk-kiosk") as watched:
            await kiosk.until(lambda: it.state() is TeeState.RECORDING)
            kiosk.send(20)
            await watched.wait_for_video(15)

        pictures, sounds = watched.of(VideoTag), watched.of(AudioTag)
        assert pictures[0].payload == VIDEO_CONFIG
        assert pictures[1].payload == IDR
        assert sounds[0].payload == AUDIO_CONFIG
        # A recording begins at 0, whatever the publisher's clock said.
        assert pictures[1].timestamp_ms < 1000
        assert it.recorder.is_recorded("s1")


async def test_a_recording_ends_with_its_seat_and_with_its_stream() -> None:
    async with a_relay() as (there, recorder), stage(to(recorder)) as it:
        it.sit("kiosk", "s1")
        async with camera(it.at) as kiosk:
            await kiosk.until(lambda: there.is_live("desk-kiosk"))
            it.rooms.leave("desk", "kiosk")
            await eventually(lambda: not there.is_live("desk-kiosk"))
            assert it.state() is None
        it.sit("kiosk", "s2")
        async with camera(it.at, "s2") as kiosk:
            await kiosk.until(lambda: there.is_live("desk-kiosk"))
        await eventually(lambda: not there.is_live("desk-kiosk"))


async def test_only_the_rooms_named_are_recorded() -> None:
    async with a_relay() as (there, recorder):
        named = replace(to(recorder), rooms=("advice-*", "Label of till"))
        async with stage(named) as it:
            for number, room in enumerate(("advice-1", "till", "desk")):
                it.sit("kiosk", f"s{number}", room)
            async with (
                camera(it.at, "s0") as first,
                camera(it.at, "s1") as second,
                camera(it.at, "s2") as third,
            ):
                await first.until(lambda: there.is_live("advice-1-kiosk"))
                await second.until(lambda: there.is_live("till-kiosk"))
                third.send(5)

                assert set(it.recorder.stats()) == {"s0", "s1"}
                assert not there.is_live("desk-kiosk")


async def test_a_recorder_that_is_away_is_tried_again_and_costs_nobody_anything() -> (
    None
):
    with proxy() as link:
        async with stage(to(link.address)) as it:
            it.sit("kiosk", "s1")
            async with camera(it.at) as kiosk:
                await kiosk.until(lambda: it.state() is TeeState.WAITING)
                async with playing(f"rtmp://{it.at}/live/s1") as agent:
                    kiosk.send(30, idr_every=1)
                    await agent.wait_for_video(30)
                assert not it.recorder.is_recorded("s1")
                assert it.recorder.stats()["s1"].failures > 0

                async with a_relay() as (there, recorder):
                    link.lead_to(int(recorder.rpartition(":")[2]))
                    await kiosk.until(lambda: it.recorder.is_recorded("s1"))
                    assert there.is_live("desk-kiosk")


async def test_a_recorder_that_never_speaks_is_given_up_and_tried_again() -> None:
    with silent_server() as port:
        limits = replace(QUICK, start_s=0.1)
        async with stage(to(f"127.0.0.1:{port}"), limits) as it:
            it.sit("kiosk", "s1")
            async with camera(it.at) as kiosk:
                await kiosk.until(lambda: it.state() is TeeState.CONNECTING)
                await kiosk.until(lambda: it.state() is TeeState.WAITING)
                await kiosk.until(lambda: it.recorder.stats()["s1"].failures >= 2)


async def test_a_recorder_that_refuses_is_tried_again() -> None:
    refusing = Relay(
        authorize_publish=lambda app, name, query: Refusal("no disk left"),
        authorize_play=lambda app, name, query: Refusal("no"),
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with (
        refusing.serve("127.0.0.1", 0) as (host, port),
        stage(to(f"{host}:{port}")) as it,
        camera(it.at) as kiosk,
    ):
        it.sit("kiosk", "s1")
        await kiosk.until(lambda: bool(it.recorder.stats()))
        await kiosk.until(lambda: it.recorder.stats()["s1"].failures >= 2)
        assert not it.recorder.is_recorded("s1")
