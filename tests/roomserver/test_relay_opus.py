"""Opus while everybody who plays hears it, AAC as soon as somebody does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kiosk.roomserver.relay import Relay
from kiosk.rtmp import flv, opus
from kiosk.rtmp.events import AudioTag, OpusWanted, VideoTag
from kiosk.rtmp.live_queue import Kind
from tests.fakes.media_kit import open_relay
from tests.fakes.rtmp_sockets import SocketClient, playing, publishing
from tests.fakes.soon import soon


HEAD = flv.opus_config(opus.head(1, 312, 48_000))
OPUS = flv.opus_unit(b"\x78sound")
AAC_CONFIG = flv.audio_config(flv.aac_config(48_000, 1))
AAC = flv.audio_unit(b"\x21\0\x49\x90")


@dataclass
class Station:
    relay: Relay
    url: str


@asynccontextmanager
async def station() -> AsyncIterator[Station]:
    async with open_relay() as (relay, host, port):
        yield Station(relay, f"rtmp://{host}:{port}/live/k1")


def wishes(publisher: SocketClient) -> list[bool]:
    return [event.wanted for event in publisher.of(OpusWanted)]


async def test_opus_is_asked_for_when_the_only_player_hears_it() -> None:
    async with (
        station() as at,
        publishing(at.url, opus=True) as publisher,
        playing(at.url, opus=True),
    ):
        await publisher.wait_until(lambda: wishes(publisher) == [True])


async def test_a_player_may_wait_for_its_publisher() -> None:
    async with (
        station() as at,
        playing(at.url, opus=True),
        publishing(at.url, opus=True) as publisher,
    ):
        await publisher.wait_until(lambda: wishes(publisher) == [True])


async def test_a_late_joiner_who_does_not_hear_opus_gets_aac_and_no_opus() -> None:
    async with (
        station() as at,
        publishing(at.url, opus=True) as publisher,
        playing(at.url, opus=True) as ours,
    ):
        await publisher.wait_until(lambda: wishes(publisher) == [True])
        publisher.send(0, HEAD, OPUS)
        await ours.wait_until(lambda: ours.count(AudioTag) == 2)
        async with playing(at.url) as stranger:
            await publisher.wait_until(lambda: wishes(publisher) == [True, False])
            publisher.send(20, OPUS)  # was under way
            publisher.send(40, AAC_CONFIG, AAC)
            await stranger.wait_until(lambda: stranger.count(AudioTag) == 2)
            await ours.wait_until(lambda: ours.count(AudioTag) == 5)
            got = [tag.payload for tag in stranger.of(AudioTag)]
        await publisher.wait_until(lambda: wishes(publisher) == [True, False, True])

    assert got == [AAC_CONFIG, AAC]


async def test_with_a_stranger_among_the_players_opus_is_never_asked_for() -> None:
    async with (
        station() as at,
        publishing(at.url, opus=True) as publisher,
        playing(at.url),
        playing(at.url, opus=True) as ours,
    ):
        publisher.send(0, AAC_CONFIG, AAC)
        await ours.wait_until(lambda: ours.count(AudioTag) >= 1)
        publisher.send(20, AAC)
        await ours.wait_until(lambda: ours.count(AudioTag) >= 2)

        assert wishes(publisher) == []


async def test_a_strangers_opus_goes_to_everybody_as_it_came() -> None:
    async with (
        station() as at,
        publishing(at.url) as publisher,
        playing(at.url) as stranger,
        playing(at.url, opus=True) as ours,
    ):
        publisher.send(0, HEAD, OPUS)
        for player in (stranger, ours):
            await player.wait_until(lambda p=player: p.count(AudioTag) == 2)  # type: ignore[misc]
        async with playing(at.url) as late:
            await late.wait_for(AudioTag)

        assert late.of(AudioTag)[0].payload == HEAD
        assert wishes(publisher) == []


class _Ear:
    def hear(self, kind: Kind, event: object) -> None:
        """Hear."""

    def begin_anew(self) -> None:
        """Note it."""


async def test_a_listener_within_the_server_gets_aac() -> None:
    async with (
        station() as at,
        publishing(at.url, opus=True) as publisher,
        playing(at.url, opus=True),
    ):
        await publisher.wait_until(lambda: wishes(publisher) == [True])
        at.relay.listen("k1", _Ear())
        await publisher.wait_until(lambda: wishes(publisher) == [True, False])


async def test_when_the_last_player_left_it_is_aac_again() -> None:
    async with station() as at, publishing(at.url, opus=True) as publisher:
        async with playing(at.url, opus=True):
            await publisher.wait_until(lambda: wishes(publisher) == [True])
        await publisher.wait_until(lambda: wishes(publisher) == [True, False])
        await soon(lambda: at.relay.stats()["k1"].subscribers == 0)

    assert publisher.count(VideoTag) == 0
