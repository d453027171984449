"""A page's socket without a browser: both ways, and every way it may end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_socket import MediaLimits, MediaSockets
from kiosk.agentdesk.relay_link import RelayDoor
from kiosk.errors import RoomFull
from kiosk.ports import Layer, Peer, PeerStarted
from kiosk.rtmp.live_queue import Kind
from tests.fakes.desk_capture import PAGE_CLOCK_US, PaperPictures, PaperSound, capture
from tests.fakes.desk_page import PaperCall, PaperSocket
from tests.fakes.eventually import eventually
from tests.fakes.media_kit import MediaKit, open_relay
from tests.fakes.strangers import ffmpeg_pull, nginx_rtmp, output_of, running


@dataclass
class Carried:
    """A page whose media are carried."""

    page: PaperSocket
    paper: PaperCall
    counts: DeskCounts
    carrying: asyncio.Task[None]


@asynccontextmanager
async def carried(
    paper: PaperCall,
    limits: MediaLimits | None = None,
    *,
    door: RelayDoor | None = None,
) -> AsyncIterator[Carried]:
    counts, page = DeskCounts(), PaperSocket()
    async with CodecThreads(2) as threads, asyncio.TaskGroup() as tasks:
        sockets = MediaSockets(door or RelayDoor(start_s=1.0), threads, counts, limits)
        carrying = tasks.create_task(sockets.carry(page, paper))
        try:
            yield Carried(page, paper, counts, carrying)
        finally:
            carrying.cancel()


@asynccontextmanager
async def capturing(
    page: PaperSocket, pictures: Codec | None, sound: Codec | None
) -> AsyncIterator[None]:
    page.say(
        "hello",
        pictures=pictures is not None,
        sound={Codec.OPUS: "opus", Codec.PCM: "pcm"}.get(sound or Codec.VP8, ""),
    )
    devices = (
        PaperPictures(pictures) if pictures is not None else None,
        PaperSound(sound) if sound is not None else None,
    )
    async with asyncio.TaskGroup() as tasks:
        at_work = tasks.create_task(capture(page, *devices))
        try:
            yield
        finally:
            at_work.cancel()


async def seen_and_heard(push_url: str) -> None:
    """Play it as a kiosk does until both have come."""
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)
    await player.play(Peer("agent", "Agent", push_url))
    try:
        await kit.fact(PeerStarted("agent"), 20)
        await eventually(lambda: kit.display.count(Layer.BASE).shown > 20, 20)
        await eventually(lambda: kit.speaker.level_dbfs > -40, 20)
    finally:
        await player.close()


@pytest.mark.parametrize(
    ("pictures", "sound"),
    [(Codec.H264, Codec.OPUS), (Codec.VP8, Codec.PCM), (Codec.VP8, Codec.OPUS)],
)
async def test_what_a_page_sends_is_seen_and_heard_by_a_kiosk(
    pictures: Codec, sound: Codec
) -> None:
    async with open_relay() as (_, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, pictures, sound):
            await eventually(lambda: bool(it.page.heard("published")))
            await seen_and_heard(paper.push)

    assert paper.published_at == [paper.push]
    assert (it.counts.pictures_transcoded > 0) == (pictures is Codec.VP8)
    assert it.counts.odd_messages == 0


@pytest.mark.parametrize("pictures", [Codec.H264, Codec.VP8])
async def test_a_strangers_relay_takes_it_as_well(
    tmp_path: Path, pictures: Codec
) -> None:
    async with nginx_rtmp(tmp_path) as port:
        paper = PaperCall(push_url=f"rtmp://127.0.0.1:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, pictures, Codec.OPUS):
            await seen_and_heard(paper.push)


async def test_a_stranger_decodes_what_was_encoded_here() -> None:
    async with open_relay() as (_, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, Codec.VP8, Codec.OPUS):
            # ffmpeg takes no notice of a picture that begins after its first look
            await eventually(lambda: it.counts.units_up > 100)
            async with running(*ffmpeg_pull(paper.push, 10)) as ffmpeg:
                printed = await output_of(ffmpeg, 30)

    assert "h264 (Constrained Baseline)" in printed
    assert "aac" in printed


@pytest.mark.parametrize(
    ("pictures", "sound"), [(Codec.H264, None), (None, Codec.OPUS)]
)
async def test_a_page_without_camera_or_without_microphone_publishes_the_other(
    pictures: Codec | None, sound: Codec | None
) -> None:
    async with open_relay() as (relay, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, pictures, sound):
            await eventually(lambda: it.counts.units_up > 20)
            assert relay.is_live("agent")


async def test_a_page_without_both_publishes_nothing_and_is_shown_the_kiosk() -> None:
    async with open_relay() as (relay, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it:
            it.page.say("hello", pictures=False, sound="")
            await eventually(lambda: bool(it.page.heard("silent")))
            await asyncio.sleep(0.2)
            assert not relay.is_live("agent")

    assert paper.pushes_asked == 0


async def test_a_relay_that_went_is_told_and_published_to_again() -> None:
    async with open_relay() as (relay, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, Codec.H264, Codec.OPUS):
            await eventually(lambda: it.counts.units_up > 10)
            relay.cut("agent")
            await eventually(lambda: len(it.page.heard("published")) > 1)
            sent = it.counts.units_up
            await eventually(lambda: it.counts.units_up > sent + 10)

    assert len(it.page.heard("unpublished")) == 1
    assert paper.pushes_asked == 2


async def test_every_unit_of_the_page_is_acknowledged() -> None:
    async with open_relay() as (_, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, None, Codec.PCM):
            await eventually(lambda: len(it.page.heard("ack")) > 5)
            numbers = [words["sequence"] for words in it.page.heard("ack")]

    assert numbers == sorted(set(numbers))


async def test_a_ping_is_answered_with_the_servers_clock() -> None:
    async with carried(PaperCall()) as it:
        it.page.say("ping", at=12.5)
        await eventually(lambda: bool(it.page.heard("pong")))
        now = asyncio.get_running_loop().time() * 1_000_000

    pong = it.page.heard("pong")[0]
    assert pong["at"] == 12.5
    assert 0 <= now - pong["now"] < 1_000_000


async def test_a_call_that_has_no_seat_closes_the_socket_with_the_reason() -> None:
    class Full(PaperCall):
        @override
        async def published(self, push_url: str) -> None:
            raise RoomFull("add_pusher", 5001, "room is full")

    async with open_relay() as (_, host, port):
        paper = Full(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, None, Codec.OPUS):
            await eventually(lambda: it.page.closed is not None)

    assert it.page.closed is not None
    code, reason = it.page.closed
    assert code == 4001
    assert "full" in (reason or "")


@pytest.mark.parametrize(
    "message",
    [
        {"text": "{"},
        {"text": '{"say":"dance"}'},
        {"bytes": b"\x02\x01"},
        {"bytes": b"\xff" * 40},
    ],
)
async def test_a_page_that_talks_nonsense_is_closed(
    message: dict[str, object],
) -> None:
    async with carried(PaperCall()) as it:
        it.page.put(**message)
        await eventually(lambda: it.page.closed is not None)

    assert it.page.closed is not None
    assert it.page.closed[0] == 1008
    assert it.counts.odd_messages == 1


async def test_a_page_that_lives_in_another_time_is_closed() -> None:
    async with carried(PaperCall()) as it:
        for at in (PAGE_CLOCK_US, PAGE_CLOCK_US + 3_600_000_000):
            it.page.send_unit(Unit(Kind.AUDIO, Codec.PCM, at, at, bytes(1920)))
        await eventually(lambda: it.page.closed is not None)

    assert it.page.closed is not None
    assert it.page.closed[0] == 1008


async def test_a_page_that_falls_silent_is_left() -> None:
    async with carried(PaperCall(), MediaLimits(silent_s=0.2)) as it:
        await eventually(lambda: it.page.closed is not None)

    assert it.page.closed == (1001, "silent for 0.2 s")


def the_page_goes(it: Carried) -> None:
    it.page.leave()


def the_call_ends(it: Carried) -> None:
    it.carrying.cancel()


@pytest.mark.parametrize("end", [the_page_goes, the_call_ends])
async def test_nothing_is_left_of_a_page(end: Callable[[Carried], None]) -> None:
    async with open_relay() as (relay, host, port):
        place = f"rtmp://{host}:{port}/live"
        paper = PaperCall(f"{place}/kiosk-7", f"{place}/agent")
        async with carried(paper) as it, capturing(it.page, Codec.VP8, Codec.PCM):
            await eventually(lambda: it.counts.units_up > 10)
            end(it)
            await eventually(lambda: it.page.closed is not None)
            await eventually(lambda: not relay.is_live("agent"))

    assert it.counts.pages == 0


async def test_damaged_pictures_and_sound_cost_themselves_only() -> None:
    async with open_relay() as (_, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        async with carried(paper) as it, capturing(it.page, Codec.VP8, Codec.OPUS):
            await eventually(lambda: it.counts.units_up > 10)
            for kind, codec in (
                (Kind.INTER, Codec.VP8),
                (Kind.IDR, Codec.H264),
                (Kind.AUDIO, Codec.OPUS),
                (Kind.AUDIO, Codec.AAC),
                (Kind.AUDIO, Codec.PCM),
            ):
                at = PAGE_CLOCK_US + round(
                    asyncio.get_running_loop().time() * 1_000_000
                )
                it.page.send_unit(Unit(kind, codec, at, at, b"\x9b\xff\xff"))
            await eventually(lambda: it.counts.units_dropped_up >= 4)
            await seen_and_heard(paper.push)

    assert it.page.closed is not None
    assert it.page.closed[0] == 1000
