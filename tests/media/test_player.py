"""Playing: pictures and sound from a real relay, its losses, its silences."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kiosk.codec.aac import AacEncoder
from kiosk.codec.beep import BeepMeter
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import WireError
from kiosk.media.pusher import StreamPusher
from kiosk.ports import (
    CaptureLost,
    Layer,
    Micros,
    Peer,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    PlayLost,
)
from kiosk.rtmp import flv
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import Publishing
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, proxied_relay, until
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    VIDEO_CONFIG,
    SocketClient,
    dialled,
)
from tests.fakes.silent_server import silent_server


@asynccontextmanager
async def publishing_kiosk(url: str) -> AsyncIterator[tuple[StreamPusher, MediaKit]]:
    kit = MediaKit()
    pusher = kit.session.new_pusher(kit.facts.append)
    await pusher.start(url)
    try:
        yield pusher, kit
    finally:
        await pusher.close()


def peer(url: str, user_id: str = "agent") -> Peer:
    return Peer(user_id, "Agent", url)


async def test_the_first_picture_is_shown_and_told() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with publishing_kiosk(url):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await kit.fact(PeerStarted("agent"))
            shown = kit.display.count(Layer.BASE).shown
            await player.close()

    assert shown >= 1
    assert not kit.speaker.is_open


async def test_latencies_of_picture_and_sound_are_measured() -> None:
    kit = MediaKit(sound_meter=BeepMeter(1000))
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with publishing_kiosk(url):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await until(lambda: player.stats[0].av_offset_ms is not None)
            stats = player.stats[0]
            await player.close()

    assert stats.video_latency_ms is not None
    assert stats.audio_latency_ms is not None
    assert 0 < stats.video_latency_ms.p50 < 500
    assert 0 < stats.audio_latency_ms.p50 < 500
    assert stats.pictures_received >= stats.pictures_shown > 0
    assert stats.bytes_received > 0


async def test_a_peer_that_falls_silent_loses_its_picture_and_gets_it_back() -> None:
    kit = MediaKit()
    async with (
        proxied_relay() as (link, address),
        publishing_kiosk(f"rtmp://{address}/live/a1"),
    ):
        player = kit.session.new_player(kit.facts.append)
        await player.play(peer(f"rtmp://{link.address}/live/a1"))
        await kit.fact(PeerStarted)
        link.stall()
        await kit.fact(PeerSilent("agent"))
        await until(lambda: kit.display.count(Layer.BASE).hidden == 1)
        link.flow()
        await kit.fact(PeerResumed("agent"))
        await player.close()

    kinds = [type(fact) for fact in kit.facts]
    assert kinds.index(PeerSilent) < kinds.index(PeerResumed)


async def test_a_lost_stream_is_told_once_and_played_again() -> None:
    kit = MediaKit()
    async with (
        proxied_relay() as (link, address),
        publishing_kiosk(f"rtmp://{address}/live/a1"),
    ):
        player = kit.session.new_player(kit.facts.append)
        await player.play(peer(f"rtmp://{link.address}/live/a1"))
        await kit.fact(PeerStarted)
        shown = player.stats[0].pictures_shown
        link.reset()
        await kit.fact(PlayLost)
        await until(lambda: player.stats[0].pictures_shown > shown + 5)
        await player.close()

    assert sum(isinstance(fact, PlayLost) for fact in kit.facts) == 1
    assert link.connections == 2


async def test_a_relay_that_is_away_is_tried_again_until_it_is_there() -> None:
    kit = MediaKit()
    with silent_server() as dead:
        player = kit.session.new_player(kit.facts.append)
        await player.play(peer(f"rtmp://127.0.0.1:{dead}/live/a1?txSecret=77"))
        fact = await kit.fact(PlayLost)
        await asyncio.sleep(0.7)
        await player.close()

    assert isinstance(fact, PlayLost)
    assert "txSecret" not in fact.reason
    assert sum(isinstance(fact, PlayLost) for fact in kit.facts) == 1


async def test_a_connection_without_any_media_is_given_up() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        player = kit.session.new_player(kit.facts.append)
        await player.play(peer(f"rtmp://{host}:{port}/live/nobody"))
        fact = await kit.fact(PlayLost)
        await player.close()

    assert isinstance(fact, PlayLost)
    assert "nothing came" in fact.reason


async def test_a_peer_under_a_new_url_replaces_its_stream() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        first, second = (f"rtmp://{host}:{port}/live/{name}" for name in ("a1", "a2"))
        async with publishing_kiosk(first) as (pusher, _):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(first))
            await kit.fact(PeerStarted)
            await pusher.republish(second)
            await player.play(peer(second))
            await until(lambda: kit.facts.count(PeerStarted("agent")) == 2)
            streams = len(player.stats)
            await player.close()

    assert streams == 1


async def test_playing_the_same_url_again_changes_nothing() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with publishing_kiosk(url):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await kit.fact(PeerStarted)
            before = dict(kit.session.progress())
            await player.play(peer(url))
            after = dict(kit.session.progress())
            await player.close()

    assert before.keys() == after.keys()


async def test_two_peers_are_shown_on_two_layers_and_both_are_heard() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        first, second = (f"rtmp://{host}:{port}/live/{name}" for name in ("a1", "a2"))
        async with publishing_kiosk(first), publishing_kiosk(second):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(first, "one"))
            await player.play(peer(second, "two"), Layer.SECOND)
            await kit.fact(PeerStarted("one"))
            await kit.fact(PeerStarted("two"))
            await until(lambda: kit.speaker.level_dbfs > -60)
            await player.stop("one")
            hidden = kit.display.count(Layer.BASE).hidden
            left = [stats.user_id for stats in player.stats]
            await player.close()

    assert hidden == 1
    assert left == ["two"]


async def test_stopping_somebody_unknown_is_nothing() -> None:
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)

    await player.stop("nobody")
    await player.close()

    assert player.stats == ()


async def test_a_play_url_that_is_none_is_refused_at_once() -> None:
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)

    with pytest.raises(WireError):
        await player.play(peer("http://example.org/live/a1"))

    await player.close()


async def test_a_missing_speaker_is_told_and_the_pictures_run_on() -> None:
    kit = MediaKit(speaker=SyntheticSpeaker(MonotonicClock(), absent=True))
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with publishing_kiosk(url):
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            fact = await kit.fact(CaptureLost)
            await until(lambda: player.stats[0].pictures_shown > 10)
            await player.close()

    assert isinstance(fact, CaptureLost)
    assert fact.device == "speaker"


@asynccontextmanager
async def handmade_stream(url: str) -> AsyncIterator[SocketClient]:
    parsed = RtmpUrl.parse(url)
    client = PublishClient(parsed, secrets.token_bytes(RANDOM_BYTES))
    async with dialled(client, parsed) as wired:
        await wired.wait_for(Publishing)
        yield wired


async def _speak(stream: SocketClient, seconds: float, first_ms: int = 0) -> None:
    """Send silence as AAC in real time."""
    encoder = AacEncoder()
    stream.send(first_ms, flv.audio_config(encoder.config))
    for number in range(round(seconds * 50)):
        for unit in encoder.encode(bytes(1920), Micros(number * 20_000)):
            at_ms = first_ms + unit.captured_at // 1000
            stream.send(max(0, at_ms), flv.audio_unit(unit.data))
        await asyncio.sleep(0.02)


async def test_a_peer_with_sound_only_starts_without_a_picture() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with handmade_stream(url) as stream:
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await _speak(stream, 1.6)
            await kit.fact(PeerStarted("agent", with_picture=False))
            await player.close()


async def test_damage_on_the_wire_costs_pictures_and_nothing_else() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/a1"
        async with handmade_stream(url) as stream:
            player = kit.session.new_player(kit.facts.append)
            await player.play(peer(url))
            await asyncio.sleep(0.1)
            for at_ms in range(0, 400, 40):
                stream.send(at_ms, VIDEO_CONFIG, IDR, b"\x17", AUDIO_CONFIG)
                stream.send(at_ms, flv.audio_unit(b"\xff" * 40), b"\xaf")
                await asyncio.sleep(0.04)
            await until(lambda: player.stats[0].pictures_dropped >= 5)
            running = {name.split("#")[0] for name in kit.session.progress()}
            await player.close()

    assert running == {"playout", "render", "receiver"}


async def test_closing_wakes_a_receiver_long_before_its_deadline() -> None:
    kit = MediaKit(replace(QUICK, link=replace(QUICK.link, start_s=50.0)))
    with silent_server() as dead:
        player = kit.session.new_player(kit.facts.append)
        await player.play(peer(f"rtmp://127.0.0.1:{dead}/live/a1"))
        await asyncio.sleep(0.1)
        await player.close()  # a thread that is not woken is a ZombieWorker

    assert kit.session.progress() == {}


async def test_a_closed_player_plays_nothing_more() -> None:
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)
    await player.close()

    await player.play(peer("rtmp://127.0.0.1:9/live/a1"))

    assert player.stats == ()
