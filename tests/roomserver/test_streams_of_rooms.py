"""Rooms and relay together on real ports: who may stream, and for how long."""

from __future__ import annotations

import secrets

from kiosk.room import messages as msg
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import Refused
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.room_server import members_of, running_server
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    VIDEO_CONFIG,
    dialled,
    playing,
    publishing,
)


async def refusal(kind: type[PublishClient | PlayClient], url: str) -> str:
    """Return why the relay refuses a URL."""
    parsed = RtmpUrl.parse(url)
    client = kind(parsed, secrets.token_bytes(RANDOM_BYTES))
    async with dialled(client, parsed) as wired:
        return (await wired.wait_for(Refused)).description


async def test_a_members_pictures_reach_the_other_and_end_when_it_leaves() -> None:
    async with (
        running_server() as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
    ):
        await agent.create()
        async with publishing(await kiosk.join()) as publisher:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
            async with playing(await agent.play_url("kiosk")) as player:
                publisher.send(40, IDR)
                await player.wait_for_video(1)
                await kiosk.ask(msg.DeletePusher("desk", "kiosk"))

                await player.wait_for_end()
                await publisher.wait_for_end()


async def test_a_play_url_publishes_nothing_and_a_push_url_plays_nothing() -> None:
    async with (
        running_server() as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
    ):
        await agent.create()
        push = await kiosk.join()
        play = await agent.play_url("kiosk")

        assert await refusal(PublishClient, play) == "the key is wrong"
        assert await refusal(PlayClient, push) == "the key is wrong"


async def test_a_destroyed_rooms_urls_open_nothing() -> None:
    async with running_server() as (at, _), members_of(at, "agent") as (agent,):
        push = await agent.create()
        play = await agent.play_url("agent")
        await agent.ask(msg.DestroyRoom("desk", "agent"))

        over = "the stream was not issued, or its seat was given up"
        assert await refusal(PublishClient, push) == over
        assert await refusal(PlayClient, play) == over


async def test_a_dead_publisher_is_told_as_a_lost_stream_and_may_come_back() -> None:
    async with (
        running_server() as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
    ):
        await agent.create()
        push = await kiosk.join()
        async with publishing(push) as publisher:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
        lost = await agent.ask(msg.WaitEvents("desk", "agent", 2, 5.0))
        async with publishing(push):
            back = await agent.ask(msg.WaitEvents("desk", "agent", lost.seq, 5.0))

            assert [event.kind for event in (*lost.events, *back.events)] == [
                msg.EventKind.STREAM_LOST,
                msg.EventKind.PUSHERS_CHANGED,
            ]


async def test_a_silent_member_is_swept_out_though_it_streams() -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0, late_s=0.3, sweep_s=0.1)
    async with (
        running_server(settings) as (at, _),
        members_of(at, "agent") as (agent,),
    ):
        async with publishing(await agent.create()) as publisher:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)

            await publisher.wait_for_end()
        answer = await agent.ask(msg.GetRoomList())
        assert answer.rooms == ()
