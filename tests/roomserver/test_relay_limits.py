"""What the relay does not stand: silence, garbage, too many, who never reads."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import pytest

from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Permit, Refusal, RelayLimits
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import AudioTag, Ended, Playing, Publishing, Refused, VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.relay_station import refuse_wrong_key, station
from tests.fakes.rtmp_sockets import (
    IDR,
    INTER,
    SOUND,
    VIDEO_CONFIG,
    dialled,
    playing,
    publishing,
)
from tests.fakes.soon import soon


async def test_a_second_publisher_is_refused_while_the_first_one_lives() -> None:
    async with station() as at, publishing(at.url()):
        url = RtmpUrl.parse(at.url())
        second = PublishClient(url, secrets.token_bytes(RANDOM_BYTES))
        async with dialled(second, url) as wired:
            refused = await wired.wait_for(Refused)

        assert refused.code == "NetStream.Publish.BadName"
        assert at.relay.is_live("kiosk-7")


async def test_a_silent_publisher_loses_its_name_and_its_players_follow() -> None:
    async with (
        station(RelayLimits(takeover_s=0.05)) as at,
        publishing(at.url()) as first,
        playing(at.url()) as player,
    ):
        first.send(0, VIDEO_CONFIG, IDR)
        await player.wait_until(lambda: player.count(VideoTag) == 2)
        await asyncio.sleep(0.06)
        async with publishing(at.url()) as second:
            second.send(7, INTER, VIDEO_CONFIG, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 4)
            await first.wait_for_end()

            assert at.relay.is_live("kiosk-7")
        await soon(lambda: not at.relay.is_live("kiosk-7"))

    assert player.of(VideoTag)[2:] == [VideoTag(7, VIDEO_CONFIG), VideoTag(7, IDR)]
    assert at.diary == ["started kiosk-7", "ended kiosk-7"] * 2


async def test_a_player_may_come_first_and_outlives_its_publisher() -> None:
    async with station() as at, playing(at.url()) as player:
        assert not at.relay.is_live("kiosk-7")
        async with publishing(at.url()) as publisher:
            publisher.send(5, VIDEO_CONFIG, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 2)
            publisher.client.close()
            publisher.flush()
            await player.wait_for(Ended)
        async with publishing(at.url()) as publisher:
            publisher.send(9, VIDEO_CONFIG, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 4)

    assert not player.ended


async def test_an_empty_stream_is_forgotten() -> None:
    async with station() as at, playing(at.url()) as player:
        assert list(at.relay.stats()) == ["kiosk-7"]
        player.client.close()
        player.flush()

        await soon(lambda: at.relay.stats() == {})


PATIENT = RelayLimits(farewell_s=0.05)  # looks often, cuts nobody soon


async def test_who_says_nothing_is_closed_at_the_handshake_deadline() -> None:
    async with station(replace(PATIENT, handshake_s=0.1)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        async with asyncio.timeout(10):
            left = await reader.read()
        writer.close()

    assert left == b""


async def test_a_publisher_that_falls_silent_is_closed() -> None:
    limits = replace(PATIENT, idle_s=0.15)
    async with station(limits) as at, publishing(at.url()) as publisher:
        await publisher.wait_for_end()
        await soon(lambda: at.diary == ["started kiosk-7", "ended kiosk-7"])


async def test_a_player_without_publisher_is_closed_at_its_deadline() -> None:
    limits = replace(PATIENT, publisher_wait_s=0.1)
    async with station(limits) as at, playing(at.url()) as player:
        await player.wait_for_end()
        await soon(lambda: at.relay.stats() == {})


async def test_who_keeps_the_deadlines_is_left_alone() -> None:
    async with (
        station(PATIENT) as at,
        publishing(at.url()) as publisher,
        playing(at.url()) as player,
    ):
        for number in range(12):
            publisher.send(number, SOUND)
            await asyncio.sleep(0.025)
        await player.wait_until(lambda: player.count(AudioTag) == 12)

        assert at.relay.is_live("kiosk-7")


async def test_what_comes_after_the_end_is_not_read() -> None:
    async with station() as at, publishing(at.url()) as publisher:
        at.relay.cut("kiosk-7")
        at.relay.cut("kiosk-7")
        publisher.send(0, IDR)
        await publisher.wait_for_end()
        await soon(lambda: at.relay.stats() == {})

    assert at.diary == ["started kiosk-7", "ended kiosk-7"]


async def test_a_subscriber_that_takes_nothing_is_closed() -> None:
    limits = replace(PATIENT, write_stall_s=0.15)
    async with (
        station(limits) as at,
        publishing(at.url()) as publisher,
        playing(at.url(), receive_buffer=4096),
    ):
        publisher.send(0, VIDEO_CONFIG)
        async with asyncio.timeout(5):
            while at.relay.stats()["kiosk-7"].subscribers:
                publisher.send(1, IDR * 20)
                await publisher.writer.drain()
                await asyncio.sleep(0.001)

        assert at.relay.is_live("kiosk-7")


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x03" + bytes(3072) + b"\xff" * 200,
        b"\x03" + bytes(3072) + b"\x03" + bytes(10_000),
    ],
)
async def test_garbage_closes_the_connection_and_nothing_else(garbage: bytes) -> None:
    async with station() as at, publishing(at.url()) as publisher:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        writer.write(garbage)
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()

        async with playing(at.url()) as player:
            publisher.send(0, VIDEO_CONFIG, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 2)


async def test_an_oversize_message_ends_its_publisher() -> None:
    limits = RelayLimits(message_bytes=10_000)
    async with station(limits) as at, publishing(at.url()) as publisher:
        publisher.send(0, IDR * 10)
        await publisher.wait_for_end()
        await soon(lambda: at.diary == ["started kiosk-7", "ended kiosk-7"])


async def test_one_address_gets_only_so_many_connections() -> None:
    async with station(RelayLimits(connections_per_address=2, proxies=())) as at:
        async with publishing(at.url()), playing(at.url()):
            url = RtmpUrl.parse(at.url())
            third = PlayClient(url, secrets.token_bytes(RANDOM_BYTES))
            async with dialled(third, url) as wired:
                await wired.wait_for_end()
            assert wired.count(Playing) == 0

        await soon(lambda: at.relay.stats() == {})
        async with publishing(at.url()) as again:
            assert again.count(Publishing) == 1


async def test_this_machine_gets_more_under_whichever_of_its_addresses() -> None:
    made = Relay(
        authorize_publish=refuse_wrong_key,
        authorize_play=refuse_wrong_key,
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
        limits=RelayLimits(connections_per_address=1, proxies=("127.0.0.1/32",)),
    )
    async with made.serve("127.0.0.2", 0) as (host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7?txSecret=right"
        async with publishing(url), playing(url) as player:
            assert player.count(Playing) == 1


async def test_a_stream_gets_only_so_many_players() -> None:
    limits = RelayLimits(subscribers_per_stream=1)
    async with station(limits) as at, playing(at.url()):
        url = RtmpUrl.parse(at.url())
        second = PlayClient(url, secrets.token_bytes(RANDOM_BYTES))
        async with dialled(second, url) as wired:
            refused = await wired.wait_for(Refused)

    assert refused.code == "NetStream.Play.StreamNotFound"


async def test_a_failing_callback_costs_nobody_the_stream() -> None:
    def fail(name: str) -> None:
        raise RuntimeError(name)

    relay = Relay(
        authorize_publish=refuse_wrong_key,
        authorize_play=refuse_wrong_key,
        on_stream_started=fail,
        on_stream_ended=fail,
    )
    async with relay.serve("127.0.0.1", 0) as (_, port):
        url = f"rtmp://127.0.0.1:{port}/live/kiosk-7?txSecret=right"
        async with publishing(url) as publisher, playing(url) as player:
            publisher.send(0, VIDEO_CONFIG, IDR)
            await player.wait_until(lambda: player.count(VideoTag) == 2)
        await soon(lambda: relay.stats() == {})


async def test_an_error_of_the_authority_ends_only_the_asking_connection() -> None:
    def authorize(app: str, name: str, query: str) -> Permit | Refusal:
        if name == "bad":
            raise RuntimeError(name)
        return lambda: ""

    relay = Relay(
        authorize_publish=authorize,
        authorize_play=authorize,
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve("127.0.0.1", 0) as (_, port):
        url = RtmpUrl.parse(f"rtmp://127.0.0.1:{port}/live/bad")
        client = PublishClient(url, secrets.token_bytes(RANDOM_BYTES))
        async with (
            publishing(f"rtmp://127.0.0.1:{port}/live/good"),
            dialled(client, url) as wired,
        ):
            await wired.wait_for_end()

            assert relay.is_live("good")


async def test_a_peer_that_pings_and_never_reads_is_dropped() -> None:
    async with (
        station(RelayLimits(unread_replies_bytes=1000)) as at,
        playing(at.url(), receive_buffer=4096) as player,
    ):
        ping = bytes.fromhex("02 000000 000006 04 00000000 0006 00000000")

        async def ping_for_ever() -> None:
            while True:
                player.writer.write(ping * 500)
                await player.writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ping_for_ever(), 5)


async def test_leaving_the_context_closes_everybody_even_who_does_not_read() -> None:
    async with AsyncExitStack() as clients:
        async with station(RelayLimits(farewell_s=0.1)) as at:
            publisher = await clients.enter_async_context(publishing(at.url()))
            stalled = await clients.enter_async_context(
                playing(at.url(), receive_buffer=4096)
            )
            publisher.send(0, VIDEO_CONFIG)
            for number in range(40):
                publisher.send(number, IDR * 20)
            await soon(lambda: at.relay.stats()["kiosk-7"].received_bytes > 1_000_000)
            leaving = time.monotonic()
        took = time.monotonic() - leaving
        await publisher.wait_for_end()

        assert not stalled.ended
    assert took < 5  # a client that does not read is written to for 10 s
    assert at.relay.stats() == {}
    assert at.relay.address is None
    assert at.diary == ["started kiosk-7", "ended kiosk-7"]


async def test_a_busy_port_is_an_error_that_names_it() -> None:
    async with station() as at:
        with pytest.raises(OSError, match=str(at.port)):
            async with at.relay.serve("127.0.0.1", at.port):
                pass
