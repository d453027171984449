"""Our pusher and player through nginx-rtmp, and with ffmpeg at the other end."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from kiosk.ports import Peer, PeerSilent, PeerStarted, Player, PlayStats
from tests.fakes.media_kit import MediaKit, open_relay, until
from tests.fakes.strangers import (
    ffmpeg_pull,
    ffmpeg_push,
    nginx_rtmp,
    output_of,
    running,
)


pytestmark = pytest.mark.e2e


def lost_on_the_way(stats: PlayStats) -> dict[str, int]:
    """
    Return the drops that no busy machine explains.

    One that pauses has pictures late, is behind, or gets too many at once and then
    waits for an IDR.
    """
    drops = {reason: count for reason, count in stats.drops.items() if count}
    for late in ("late", "behind"):
        drops.pop(late, None)
    if drops.pop("crowded", 0):
        drops.pop("without_idr", None)
    return drops


def median_ms(player: Player) -> float:
    """Return how old the pictures are of late; a pause is over after a while."""
    latency = player.stats[0].video_latency_ms
    return math.inf if latency is None else latency.p50


async def test_pusher_and_player_work_through_nginx(tmp_path: Path) -> None:
    kit = MediaKit()
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await asyncio.sleep(0.2)
        await player.play(Peer("agent", "Agent", url))
        await kit.fact(PeerStarted("agent"))
        await until(lambda: player.stats[0].pictures_shown > 30)
        await until(lambda: kit.speaker.level_dbfs > -60)
        await until(lambda: median_ms(player) < 400)
        stats = player.stats[0]
        await player.close()
        await pusher.close()

    assert lost_on_the_way(stats) == {}


async def test_nginx_players_get_an_idr_every_second(tmp_path: Path) -> None:
    """The synthetic camera's own GOP is four seconds; nginx asks for nothing."""
    kit = MediaKit()
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(url)
        await asyncio.sleep(0.5)
        player = kit.session.new_player(kit.facts.append)
        await player.play(Peer("agent", "Agent", url))
        await kit.fact(PeerStarted("agent"), seconds=2.0)
        await player.close()
        await pusher.close()


async def test_a_stream_of_ffmpeg_is_shown_and_heard_and_its_end_is_told() -> None:
    kit = MediaKit()
    async with open_relay() as (relay, host, port):
        url = f"rtmp://{host}:{port}/live/clip"
        async with running(*ffmpeg_push(url, 30)):
            await until(lambda: relay.is_live("clip"), 10)
            player = kit.session.new_player(kit.facts.append)
            await player.play(Peer("agent", "Agent", url))
            await kit.fact(PeerStarted("agent"))
            await until(lambda: player.stats[0].pictures_shown > 25)
            await until(lambda: kit.speaker.level_dbfs > -40)
        await kit.fact(PeerSilent("agent"))
        await player.close()


async def test_ffmpeg_decodes_what_the_pusher_sends() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(url)
        async with running(*ffmpeg_pull(url, 20)) as ffmpeg:
            printed = await output_of(ffmpeg, 20)
            status = ffmpeg.returncode
        await pusher.close()

    assert status == 0, printed
    assert "Video: h264" in printed
    assert "160x90" in printed
    assert "Audio: aac" in printed
