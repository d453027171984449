"""What the relay promises to publishers and subscribers, on real sockets."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from itertools import pairwise

import pytest

from kiosk.roomserver.relay_terms import RelayLimits
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import AudioTag, Ended, IdrRequested, Metadata, Refused, VideoTag
from kiosk.rtmp.flv import parse_metadata
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.live_queue import QueueLimits
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.relay_station import station
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    INTER,
    SOUND,
    VIDEO_CONFIG,
    dialled,
    playing,
    publishing,
)
from tests.fakes.soon import soon


async def test_a_subscriber_gets_what_the_publisher_sends_with_its_timestamps() -> None:
    async with (
        station() as at,
        publishing(at.url()) as publisher,
        playing(at.url()) as player,
    ):
        publisher.send(0xFFFFFFFE, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
        publisher.send(0x100000003, SOUND, INTER)
        await player.wait_until(
            lambda: player.count(VideoTag) == 3 and player.count(AudioTag) == 2
        )

    assert player.of(VideoTag) == [
        VideoTag(0xFFFFFFFE, VIDEO_CONFIG),
        VideoTag(0xFFFFFFFE, IDR),
        VideoTag(0x100000003, INTER),
    ]
    assert [tag.payload for tag in player.of(AudioTag)] == [AUDIO_CONFIG, SOUND]


async def test_a_late_joiner_gets_metadata_and_configs_but_no_old_picture() -> None:
    async with station() as at, publishing(at.url()) as publisher:
        publisher.publisher.send_metadata(0, {"width": 640, "encoder": "kiosk"})
        publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
        publisher.send(1033, INTER)
        await soon(lambda: at.relay.stats()["kiosk-7"].received_bytes > 2500)

        async with playing(at.url()) as player:
            await player.wait_for(AudioTag)
            publisher.send(1066, INTER)
            publisher.send(1100, SOUND, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 2)

    assert player.of(VideoTag) == [VideoTag(1033, VIDEO_CONFIG), VideoTag(1100, IDR)]
    assert player.of(AudioTag) == [AudioTag(1033, AUDIO_CONFIG), AudioTag(1100, SOUND)]
    values = parse_metadata(player.of(Metadata)[0].payload)
    assert values == {"width": 640.0, "encoder": "kiosk"}


async def test_a_joiner_makes_the_relay_ask_our_publisher_for_an_idr() -> None:
    async with station() as at, publishing(at.url()) as publisher:
        assert publisher.publisher.idr_on_join

        async with playing(at.url()):
            await publisher.wait_for(IdrRequested)

    assert publisher.count(IdrRequested) == 1


async def test_idr_requests_are_spaced_but_never_lost() -> None:
    limits = RelayLimits(idr_interval_s=0.1)
    async with (
        station(limits) as at,
        publishing(at.url()) as publisher,
        playing(at.url()) as player,
    ):
        for _ in range(20):
            assert player.player.request_idr()
        player.flush()
        begun = time.monotonic()
        await publisher.wait_until(lambda: publisher.count(IdrRequested) == 2)
        waited = time.monotonic() - begun
        at.relay.request_idr("kiosk-7")
        at.relay.request_idr("nobody")
        await publisher.wait_until(lambda: publisher.count(IdrRequested) == 3)

    assert waited >= 0.05


async def test_a_stalled_subscriber_does_not_hold_up_the_other() -> None:
    ring = QueueLimits(video_age=60_000, audio_age=60_000, size_bytes=300_000)
    limits = RelayLimits(ring=ring, idr_interval_s=0.01)
    async with (
        station(limits) as at,
        publishing(at.url()) as publisher,
        playing(at.url()) as good,
        playing(at.url(), receive_buffer=4096) as stalled,
    ):
        publisher.send(0, VIDEO_CONFIG)
        units = 200
        for number in range(units):
            publisher.send(number, IDR if number % 50 == 0 else INTER * 20)
            await publisher.writer.drain()
            await good.wait_for_video(number + 2)
        stats = at.relay.stats()["kiosk-7"]
        await publisher.wait_until(lambda: publisher.count(IdrRequested) >= 2)

    assert good.count(VideoTag) == units + 1
    assert stats.dropped_units > 0
    assert stalled.count(VideoTag) < units


async def test_who_takes_nothing_costs_the_others_no_idr() -> None:
    ring = QueueLimits(video_age=60_000, audio_age=60_000, size_bytes=20_000)
    limits = RelayLimits(ring=ring, idr_interval_s=0.001)
    async with (
        station(limits) as at,
        publishing(at.url()) as publisher,
        playing(at.url(), receive_buffer=4096) as stalled,
    ):
        await publisher.wait_for(IdrRequested)
        publisher.send(0, VIDEO_CONFIG, IDR)
        for number in range(600):
            publisher.send(number, INTER * 10)
            await publisher.writer.drain()
        await soon(lambda: at.relay.stats()["kiosk-7"].dropped_units > 50)
        publisher.send(601, INTER)
        await soon(lambda: at.relay.stats()["kiosk-7"].dropped_units > 51)
        asked_while_stalled = publisher.count(IdrRequested)

        while publisher.count(IdrRequested) == asked_while_stalled:
            await stalled.read_once()
            with suppress(TimeoutError):
                await publisher.wait_until(
                    lambda: publisher.count(IdrRequested) > asked_while_stalled, 0.01
                )

    assert asked_while_stalled == 1
    assert publisher.count(IdrRequested) == 2


async def test_an_empty_tag_is_not_worth_sending() -> None:
    async with (
        station() as at,
        publishing(at.url()) as publisher,
        playing(at.url()) as player,
    ):
        publisher.publisher.send_audio(0, b"")
        publisher.send(1, SOUND)
        tag = await player.wait_for(AudioTag)

    assert tag == AudioTag(1, SOUND)


async def test_a_player_that_leaves_with_a_full_ring_is_forgotten() -> None:
    async with (
        station() as at,
        publishing(at.url()) as publisher,
        playing(at.url(), receive_buffer=4096) as player,
    ):
        publisher.send(0, VIDEO_CONFIG)
        for number in range(60):
            publisher.send(number, IDR * 10)
        await soon(lambda: at.relay.stats()["kiosk-7"].received_bytes > 1_000_000)
        player.client.close()
        player.flush()
        await soon(lambda: at.relay.stats()["kiosk-7"].subscribers == 0)

        assert at.relay.stats()["kiosk-7"].sent_bytes > 0


async def test_a_slow_subscriber_gets_a_decodable_rest() -> None:
    ring = QueueLimits(video_age=60_000, audio_age=60_000, size_bytes=50_000)
    async with (
        station(RelayLimits(ring=ring)) as at,
        publishing(at.url()) as publisher,
        playing(at.url(), receive_buffer=4096) as slow,
    ):
        publisher.send(0, VIDEO_CONFIG)
        for number in range(1, 601):
            is_idr = number % 10 == 1
            publisher.send(number, IDR if is_idr else INTER * 10)
            await publisher.writer.drain()
        await soon(lambda: at.relay.stats()["kiosk-7"].dropped_units > 0)
        publisher.send(601, IDR)
        await slow.wait_until(lambda: slow.of(VideoTag)[-1:] == [VideoTag(601, IDR)])

    stamps = [tag.timestamp_ms for tag in slow.of(VideoTag)][1:]
    breaks = [after for before, after in pairwise(stamps) if after != before + 1]
    assert breaks
    assert all(stamp % 10 == 1 for stamp in breaks)


async def test_a_wrong_key_is_refused_with_a_reason_and_closed() -> None:
    async with station() as at:
        url = RtmpUrl.parse(at.url(key="wrong"))
        for make, code in (
            (PublishClient, "NetStream.Publish.BadName"),
            (PlayClient, "NetStream.Play.StreamNotFound"),
        ):
            client = make(url, secrets.token_bytes(RANDOM_BYTES))
            async with dialled(client, url) as wired:
                refused = await wired.wait_for(Refused)
                await wired.wait_for_end()
            assert refused == Refused(code, "the key is wrong")
        assert at.diary == []
        assert at.relay.stats() == {}


async def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with (
        station() as at,
        publishing(at.url()),
        playing(at.url()),
    ):
        url = RtmpUrl.parse(at.url(key="s3cr3t"))
        client = PublishClient(url, secrets.token_bytes(RANDOM_BYTES))
        async with dialled(client, url) as wired:
            await wired.wait_for(Refused)

    told = " ".join(str(record.__dict__) for record in caplog.records)
    assert "publisher refused" in told
    assert "s3cr3t" not in told
    assert "right" not in told


async def test_cutting_a_stream_closes_the_publisher_and_every_subscriber() -> None:
    async with (
        station() as at,
        publishing(at.url()) as publisher,
        publishing(at.url("other")) as other,
        playing(at.url()) as player,
    ):
        at.relay.cut("kiosk-7")
        at.relay.cut("nobody")
        await publisher.wait_for_end()
        await player.wait_for_end()
        await soon(lambda: not at.relay.is_live("kiosk-7"))

        assert at.relay.is_live("other")
        assert not other.ended
        assert at.diary == ["started kiosk-7", "started other", "ended kiosk-7"]
    assert player.of(Ended) == [Ended("NetStream.Play.UnpublishNotify")]
