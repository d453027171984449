"""A kiosk's stream on its way to a page, from real relays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.page_outlet import OutletLimits, PageOutlet
from kiosk.agentdesk.relay_link import RelayDoor
from kiosk.agentdesk.showing import Showing, ShowingLimits
from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.sound_decoder import SoundDecoder
from kiosk.errors import StreamStalled
from kiosk.ports import Micros
from kiosk.rtmp.live_queue import Kind, QueueLimits
from tests.fakes.desk_page import PaperCall, PaperPage
from tests.fakes.eventually import eventually
from tests.fakes.media_kit import MediaKit, open_relay
from tests.fakes.silent_server import silent_server
from tests.fakes.strangers import ffmpeg_push, nginx_rtmp, running


QUICK = ShowingLimits(first_media_s=2.0, media_s=0.8, first_pause_s=0.05)


def now_us() -> int:
    return round(asyncio.get_running_loop().time() * 1_000_000)


class Shown:
    """A page, the task that writes to it and the one that plays."""

    def __init__(
        self, call: PaperCall, limits: OutletLimits | None = None, *, acks: bool = True
    ) -> None:
        self.call = call
        self.counts = DeskCounts()
        door = RelayDoor(start_s=1.0)
        self.showing = Showing(call, door, self.counts, now_us, QUICK)
        self.acks = acks
        self.page = PaperPage(self._ack)
        self.outlet = PageOutlet(
            self.page, self.counts, self.showing.want_idr, now_us, limits
        )

    def _ack(self, sequence: int) -> None:
        if self.acks:
            self.outlet.acked(sequence)


@asynccontextmanager
async def shown(
    call: PaperCall, limits: OutletLimits | None = None, *, acks: bool = True
) -> AsyncIterator[Shown]:
    it = Shown(call, limits, acks=acks)
    async with asyncio.TaskGroup() as tasks:
        running_tasks = [
            tasks.create_task(it.outlet.run()),
            tasks.create_task(it.showing.run(it.outlet)),
        ]
        try:
            yield it
        finally:
            for task in running_tasks:
                task.cancel()


@asynccontextmanager
async def kiosk_publishing(
    url: str, kit: MediaKit | None = None
) -> AsyncIterator[MediaKit]:
    kit = kit or MediaKit()
    pusher = kit.session.new_pusher(kit.facts.append)
    await pusher.start(url)
    try:
        yield kit
    finally:
        await pusher.close()


async def test_a_kiosks_picture_and_sound_reach_the_page_and_can_be_decoded() -> None:
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with kiosk_publishing(url), shown(PaperCall(url)) as it:
            await eventually(lambda: it.page.count(Kind.INTER) > 10)
            await eventually(lambda: it.page.count(Kind.AUDIO) > 10)

    units = [unit for _, unit in it.page.units]
    config = next(unit for unit in units if unit.kind is Kind.VIDEO_CONFIG)
    decoder = H264Decoder(config.payload)
    pictures = [u for u in units if u.kind in (Kind.IDR, Kind.INTER)]
    frames = [decoder.decode(u.payload, Micros(u.pts_us)) for u in pictures]
    assert sum(map(len, frames)) == len(pictures)
    sound = next(unit for unit in units if unit.kind is Kind.AUDIO_CONFIG)
    heard = SoundDecoder(sound.payload)
    assert all(
        heard.decode(u.payload)
        for u in units
        if u.kind is Kind.AUDIO and u.codec is sound.codec
    )
    assert [s for s, _ in it.page.units] == list(range(len(units)))
    assert it.page.heard("playing")
    assert it.counts.units_down == len(units)


async def test_a_strangers_stream_at_a_strangers_relay_reaches_the_page(
    tmp_path: Path,
) -> None:
    async with nginx_rtmp(tmp_path) as port:
        url = f"rtmp://127.0.0.1:{port}/live/kiosk-7"
        async with running(*ffmpeg_push(url, 10)), shown(PaperCall(url)) as it:
            await eventually(lambda: it.page.count(Kind.IDR) > 1)
            await eventually(lambda: it.page.count(Kind.AUDIO, Codec.AAC) > 10)

    assert it.page.count(Kind.VIDEO_CONFIG, Codec.H264) >= 1


async def test_a_page_that_joins_waits_for_no_gop() -> None:
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with kiosk_publishing(url):
            await asyncio.sleep(0.5)
            async with shown(PaperCall(url)) as it:
                await eventually(lambda: it.page.count(Kind.IDR) > 0, 3.0)


async def test_a_page_that_acknowledges_nothing_is_soon_sent_nothing() -> None:
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with kiosk_publishing(url), shown(PaperCall(url), acks=False) as it:
            await eventually(lambda: bool(it.page.units))
            await asyncio.sleep(1.0)  # four times as long as the window is open
            sent, waiting = len(it.page.units), it.outlet.waiting_bytes
            await asyncio.sleep(1.0)

            assert len(it.page.units) == sent
            assert it.outlet.waiting_bytes < max(2 * waiting, 100_000)
            assert it.counts.units_dropped_down > 20

            it.acks = True
            it.outlet.acked(it.page.units[-1][0])
            await eventually(lambda: bool(pictures_after(it.page, sent)))
            assert pictures_after(it.page, sent)[0].kind is Kind.IDR


def pictures_after(page: PaperPage, number: int) -> list[Unit]:
    units = [unit for _, unit in page.units[number:]]
    return [unit for unit in units if unit.kind in (Kind.IDR, Kind.INTER)]


async def test_a_page_that_never_acknowledges_is_given_up() -> None:
    limits = OutletLimits(stall_s=0.4)
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with kiosk_publishing(url):
            with pytest.raises(ExceptionGroup) as given_up:
                async with shown(PaperCall(url), limits, acks=False):
                    await asyncio.sleep(5)

    assert given_up.group_contains(StreamStalled)


async def test_a_page_whose_network_went_away_holds_little_and_is_given_up() -> None:
    ring = QueueLimits(video_age=200_000, audio_age=200_000, size_bytes=50_000)
    it = Shown(PaperCall(), OutletLimits(ring=ring, words=3, stall_s=0.2))
    it.page.is_stuck = True

    for number in range(5):
        it.outlet.say("pong", at=number)

    with pytest.raises(StreamStalled, match="nothing leaves"):
        await it.outlet.run()


async def test_nobody_sees_the_page_so_only_sound_comes_until_somebody_does() -> None:
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with kiosk_publishing(url), shown(PaperCall(url)) as it:
            await eventually(lambda: it.page.count(Kind.INTER) > 3)
            it.outlet.set_hidden(hidden=True)
            await asyncio.sleep(0.1)
            shown_before, heard_before = len(it.page.units), it.page.count(Kind.AUDIO)
            await eventually(lambda: it.page.count(Kind.AUDIO) > heard_before + 10)
            pictures = [u for _, u in it.page.units[shown_before:] if u.is_video]
            assert not pictures

            it.outlet.set_hidden(hidden=False)
            await eventually(lambda: it.page.units[-1][1].is_video)

            back = [u for _, u in it.page.units[shown_before:] if u.is_video]
            assert back[0].kind is Kind.IDR


async def test_a_kiosk_that_is_away_is_told_once_and_comes_back_by_itself() -> None:
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/kiosk-7"
        async with shown(PaperCall()) as it:
            await eventually(lambda: it.call.plays_asked > 2)
            it.call.play = url
            async with kiosk_publishing(url):
                await eventually(lambda: it.page.count(Kind.INTER) > 3)
            told = [words["say"] for words in it.page.said]

    assert told[:2] == ["silent", "playing"]


async def test_a_stream_that_moved_is_played_at_its_new_place_at_once() -> None:
    async with open_relay() as (_, host, port):
        old, new = (f"rtmp://{host}:{port}/live/{name}" for name in ("old", "new"))
        async with kiosk_publishing(old), shown(PaperCall(old)) as it:
            await eventually(lambda: it.page.count(Kind.INTER) > 3)
            before = it.page.units[-1][1].timeline
            async with kiosk_publishing(new):
                it.call.move(new)
                await eventually(lambda: it.page.units[-1][1].timeline != before)
                await eventually(lambda: it.page.units[-1][1].is_video)


async def test_a_relay_that_says_nothing_is_given_up_and_tried_again() -> None:
    with silent_server() as port:
        url = f"rtmp://127.0.0.1:{port}/live/kiosk-7"
        async with shown(PaperCall(url)) as it:
            await eventually(lambda: it.counts.plays_lost > 1)

    assert "handshake" in it.page.heard("silent")[0]["why"]


async def test_without_an_authority_no_stream_is_played_over_tls() -> None:
    async with shown(PaperCall("rtmps://127.0.0.1/live/kiosk-7")) as it:
        await eventually(lambda: bool(it.page.heard("silent")))

    assert "certificate authority" in it.page.heard("silent")[0]["why"]
