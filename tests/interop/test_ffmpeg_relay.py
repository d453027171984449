"""Our wire against other people's: ffmpeg with our relay, our clients with nginx."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Permit, Refusal
from kiosk.rtmp import flv
from kiosk.rtmp.events import AudioTag, Ended, Metadata, VideoTag
from tests.fakes.rtmp_goldens import recorded_media
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    INTER,
    SOUND,
    VIDEO_CONFIG,
    playing,
    publishing,
)
from tests.fakes.soon import soon
from tests.fakes.strangers import (
    ffmpeg_pull,
    ffmpeg_push,
    nginx_rtmp,
    output_of,
    running,
)


pytestmark = pytest.mark.e2e


@asynccontextmanager
async def open_relay() -> AsyncIterator[tuple[Relay, str]]:
    """A relay that asks for the right key; yield it and a signed URL."""

    def refuse_wrong_key(app: str, name: str, query: str) -> Permit | Refusal:
        right = (app, name, query) == ("live", "clip", "txSecret=ab&txTime=6a")
        return (lambda: "") if right else Refusal("the key is wrong")

    relay = Relay(
        authorize_publish=refuse_wrong_key,
        authorize_play=refuse_wrong_key,
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve("127.0.0.1", 0) as (host, port):
        yield relay, f"rtmp://{host}:{port}/live/clip?txSecret=ab&txTime=6a"


async def wait_live(relay: Relay) -> None:
    await soon(lambda: relay.is_live("clip"), 10)


async def test_ffmpeg_decodes_from_our_relay_what_ffmpeg_pushed() -> None:
    async with (
        open_relay() as (relay, url),
        running(*ffmpeg_push(url, 20)),
    ):
        await wait_live(relay)
        async with running(*ffmpeg_pull(url, 40)) as pull:
            told = await output_of(pull, 20)

    assert pull.returncode == 0, told
    assert re.search(r"Video: h264.* 320x240", told)
    assert re.search(r"Audio: aac.* 48000 Hz, mono", told)
    assert re.findall(r"frame= *(\d+)", told)[-1] == "40"
    assert "rror" not in told


async def test_our_player_understands_what_ffmpeg_pushes() -> None:
    async with (
        open_relay() as (relay, url),
        running(*ffmpeg_push(url, 20)) as push,
    ):
        await wait_live(relay)
        async with playing(url) as player:
            await player.wait_until(
                lambda: player.count(VideoTag) > 20 and player.count(AudioTag) > 20, 10
            )
            push.terminate()
            await player.wait_for(Ended)

    video = [flv.parse_video(tag.payload) for tag in player.of(VideoTag)]
    sound = [flv.parse_audio(tag.payload) for tag in player.of(AudioTag)]
    assert isinstance(video[0], flv.VideoConfig)
    assert isinstance(video[1], flv.VideoUnit)
    assert video[1].is_idr
    assert isinstance(sound[0], flv.AacConfig)
    assert (sound[0].sample_rate, sound[0].channels) == (48_000, 1)
    values = flv.parse_metadata(player.of(Metadata)[0].payload)
    assert values["width"] == 320.0
    stamps = [tag.timestamp_ms for tag in player.of(VideoTag)]
    assert stamps == sorted(stamps)


async def test_ffmpeg_is_told_that_its_key_is_wrong() -> None:
    async with open_relay() as (relay, url):
        wrong = url.replace("txSecret=ab", "txSecret=cd")
        async with running(*ffmpeg_push(wrong, 5)) as push:
            pushed = await output_of(push, 20)
        async with running(*ffmpeg_pull(wrong, 5)) as pull:
            pulled = await output_of(pull, 20)

    assert push.returncode != 0
    assert pull.returncode != 0
    assert "the key is wrong" in pushed
    assert "the key is wrong" in pulled
    assert relay.stats() == {}


async def test_our_publisher_and_player_work_through_nginx_rtmp(
    tmp_path: Path,
) -> None:
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/clip?txSecret=ab"
        async with publishing(url) as publisher, playing(url) as player:
            publisher.publisher.send_metadata(0, {"width": 320, "height": 240})
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR, SOUND)
            await player.wait_until(lambda: player.count(VideoTag) >= 2, 10)
            for number in range(1, 30):
                publisher.send(40 * number, IDR * 30 if number == 9 else INTER, SOUND)
            await player.wait_until(lambda: player.count(VideoTag) == 31, 10)
            await asyncio.sleep(0.6)  # nginx pings every 500 ms
            publisher.send(2000, INTER)
            await player.wait_until(lambda: player.count(VideoTag) == 32, 10)

    assert not publisher.publisher.idr_on_join
    assert not player.player.request_idr()
    assert [tag.payload for tag in player.of(VideoTag)[:2]] == [VIDEO_CONFIG, IDR]
    assert IDR * 30 in [tag.payload for tag in player.of(VideoTag)]
    assert {AUDIO_CONFIG, SOUND} == {tag.payload for tag in player.of(AudioTag)}
    assert player.of(VideoTag)[-1] == VideoTag(2000, INTER)
    values = flv.parse_metadata(player.of(Metadata)[0].payload)
    assert values["width"] == 320.0


async def test_nginx_understands_sound_between_the_chunks_of_a_picture(
    tmp_path: Path,
) -> None:
    large = IDR * 30
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/clip"
        async with publishing(url) as publisher, playing(url) as player:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR, SOUND)
            await player.wait_until(
                lambda: player.count(VideoTag) >= 2 and player.count(AudioTag) >= 2, 10
            )
            before = player.count(AudioTag)
            chunks = publisher.send_between(40, large, SOUND)
            publisher.send(80, INTER)
            await player.wait_until(lambda: player.count(VideoTag) == 4, 10)

    assert [tag.payload for tag in player.of(VideoTag)[2:]] == [large, INTER]
    assert player.count(AudioTag) - before == chunks > 50
    assert {AUDIO_CONFIG, SOUND} == {tag.payload for tag in player.of(AudioTag)}


async def test_our_player_takes_from_nginx_what_ffmpeg_pushed(tmp_path: Path) -> None:
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/clip"
        async with running(*ffmpeg_push(url, 20)), playing(url) as player:
            await player.wait_until(
                lambda: player.count(VideoTag) > 10 and player.count(AudioTag) > 10, 15
            )

    first = flv.parse_video(player.of(VideoTag)[0].payload)
    assert isinstance(first, flv.VideoConfig)


async def test_ffmpeg_decodes_from_nginx_what_we_publish(tmp_path: Path) -> None:
    clip = recorded_media("ffmpeg_publish")
    length_ms = clip[-1].timestamp_ms + 40
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/clip"
        async with (
            publishing(url) as publisher,
            running(*ffmpeg_pull(url, 20)) as pull,
            asyncio.TaskGroup() as group,
        ):

            async def publish_again_and_again() -> None:
                for turn in range(100):
                    for tag in clip:
                        publisher.send(turn * length_ms + tag.timestamp_ms, tag.payload)
                        await asyncio.sleep(0.004)

            sending = group.create_task(publish_again_and_again())
            told = await output_of(pull, 20)
            sending.cancel()

    assert pull.returncode == 0, told
    assert re.search(r"Video: h264.* 64x48", told)
    assert re.search(r"Audio: aac.* 48000 Hz, mono", told)
    assert re.findall(r"frame= *(\d+)", told)[-1] == "20"
