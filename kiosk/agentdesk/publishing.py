"""
The way of an agent's page to the relay, and from there to the kiosk.

What the page sends is put into FLV tags, on a codec thread where that is work, and
published at the call's own URL, again and again until it is cancelled.  Nothing
waits for long anywhere: units that come while others are at work, and tags that the
relay does not take, are in queues that lose to the next IDR.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.idr_wish import IdrWish
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.media_words import Hello
from kiosk.agentdesk.page_outlet import PageOutlet
from kiosk.agentdesk.page_pictures import PICTURE_RATE, PagePictures, Tag
from kiosk.agentdesk.page_sound import PageSound
from kiosk.agentdesk.page_tags import Made, PageTags
from kiosk.agentdesk.relay_link import RelayDoor, RelayLink, publishing
from kiosk.agentdesk.uplink_rate import Allowance, UplinkRate
from kiosk.codec.presets import PRESETS
from kiosk.codec.stream_time import StreamTime
from kiosk.errors import MediaError, RoomUnreachable
from kiosk.ports import SAMPLE_RATE, Bitrate
from kiosk.rtmp import amf0
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import ClientEvent, Ended, IdrRequested, OpusWanted
from kiosk.rtmp.live_queue import Kind, LiveQueue, QueueLimits


log: Final = logging.getLogger(__name__)

_RING: Final = QueueLimits(video_age=200_000, audio_age=400_000, size_bytes=2_000_000)
_STRANGERS_GOP_US: Final = 950_000  # an IDR a second
_IDR_APART_US: Final = 200_000
_HOLD_AGAIN_US: Final = 200_000
_LARGE_STEP: Final = 0.05
_OF_ANOTHER_TIME_US: Final = 60_000_000
_LEAST_PAUSE_S: Final = 0.3
_AUDIO: Final = (Kind.AUDIO, Kind.AUDIO_CONFIG)


@dataclass(frozen=True, slots=True)
class PublishingLimits:
    """
    What a page's stream may cost.

    Attributes:
        start, ceiling: Of its pictures' bit rate.
        ring: When units and tags that wait are dropped (microseconds).
        longest_pause_s: Between attempts at most.

    """

    start: Bitrate = PRESETS["360p"].bitrate
    ceiling: Bitrate = PRESETS["360p"].ceiling
    ring: QueueLimits = _RING
    longest_pause_s: float = 3.0


class Publishing:
    """
    One page's stream at a relay; ``run`` is the body of its task.

    All methods belong to the event loop.
    """

    def __init__(
        self,
        call: MediaCall,
        door: RelayDoor,
        threads: CodecThreads,
        *,
        counts: DeskCounts,
        now_us: Callable[[], int],
        limits: PublishingLimits | None = None,
    ) -> None:
        self._call = call
        self._door = door
        self._counts = counts
        self._now_us = now_us
        self._limits = limits = limits or PublishingLimits()
        self._hello = asyncio.Event()
        self._has = Hello(pictures=False, sound=None)
        self._news = asyncio.Event()
        self._units: LiveQueue[Unit] = LiveQueue(limits.ring)
        self._tags: LiveQueue[Tag] = LiveQueue(limits.ring)
        self._dropped = 0
        self._pictures = PagePictures(limits.start, limits.ceiling)
        self._sound = PageSound()
        self._make = PageTags(self._pictures, self._sound, threads, counts)
        self._rate = UplinkRate(limits.start, limits.ceiling)
        self._told = Allowance(limits.start)
        self._told_at = 0
        self._first_behind: int | None = None
        self._link: RelayLink[PublishClient] | None = None
        self._time = StreamTime()
        self._wish = IdrWish(_IDR_APART_US)
        self._idr_due = 0
        self._outlet: PageOutlet | None = None

    def hello(self, has: Hello) -> None:
        """Take what the page is going to send."""
        self._has = has
        if has.pictures or has.sound is not None:
            self._hello.set()

    def take(self, unit: Unit) -> None:
        """
        Take a unit of the page; never waits.

        Raises:
            MediaError: It is of another time: no page of ours sends such.

        """
        now = self._now_us()
        behind = now - unit.at_us
        if self._first_behind is None:
            self._first_behind = behind
        if abs(behind - self._first_behind) > _OF_ANOTHER_TIME_US:
            raise MediaError("a unit of another time")
        self._allow(unit, now)
        self._ask_page()
        if unit.kind is Kind.VIDEO_CONFIG:
            self._pictures.configure(unit.payload)  # said once, link or none
            return
        if self._link is None:
            return  # nobody to send it to, and it will not be wanted later
        self._units.put(now, unit.kind, len(unit.payload), unit)
        self._news.set()

    async def run(self, outlet: PageOutlet) -> None:
        """
        Publish until cancelled.

        Raises:
            RoomError: The call is over.

        """
        self._outlet = outlet
        pause_s = _LEAST_PAUSE_S
        while True:
            await self._hello.wait()
            began = self._now_us()
            try:
                await self._publish(await self._call.push_url(), outlet)
            except (MediaError, RoomUnreachable) as error:
                self._counts.pushes_lost += 1
                log.info("a desk's stream is not published: %s", error)
                outlet.say("unpublished", why=str(error))
            held = self._now_us() - began > self._limits.longest_pause_s * 1_000_000
            pause_s = _LEAST_PAUSE_S if held else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._limits.longest_pause_s)

    # -- one connection ---------------------------------------------------------

    async def _publish(self, url: str, outlet: PageOutlet) -> None:
        wants_opus = self._has.sound is Codec.OPUS
        async with publishing(
            url, self._door, self._obey, self._drain, opus=wants_opus
        ) as link:
            self._begin(link)
            try:
                await self._call.published(url)
                outlet.say("published")
                link.over.add_done_callback(lambda _: self._news.set())
                while not link.over.done():
                    await self._turn(link)
                raise link.over.result()
            finally:
                self._link = None

    def _begin(self, link: RelayLink[PublishClient]) -> None:
        """Headers first; pictures follow with the next IDR."""
        self._time = StreamTime()
        self._units.restart()
        self._tags.restart()
        self._pictures.restart()
        self._sound.restart()
        self._idr_due = 0
        self._link = link
        link.client.send_metadata(0, _metadata(self._has))
        if self._has.sound is not None:
            link.client.send_audio(0, self._sound.first_tag().body)
        link.flush()
        self._want_idr()

    async def _turn(self, link: RelayLink[PublishClient]) -> None:
        """Make tags of what came; wait if nothing did."""
        self._news.clear()
        units = self._waiting_units()
        if self._units.take_idr_wanted():
            self._want_idr(of_page=True)
        if self._tags.take_idr_wanted():
            self._want_idr()
        self._count_drops()
        if not units:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._news.wait()
            return
        made = await self._make.of(units)
        if self._link is link:
            for one in made:
                self._queue(one)
            self._drain()

    def _waiting_units(self) -> list[Unit]:
        found: list[Unit] = []
        while (unit := self._units.get(self._now_us())) is not None:
            found.append(unit)
        return found

    def _queue(self, made: Made) -> None:
        if made.fault:
            log.debug("a page's unit is dropped: %s", made.fault)
            self._counts.units_dropped_up += 1
            if made.unit.is_video:
                self._want_idr(of_page=True)
        now = self._now_us()
        for tag in made.tags:
            self._tags.put(now, tag.kind, len(tag.body), tag)

    def _drain(self) -> None:
        """Send what the relay takes."""
        link = self._link
        while link is not None and not link.is_paused and not link.over.done():
            tag = self._tags.get(self._now_us())
            if tag is None:
                return
            self._send(link, tag)

    def _send(self, link: RelayLink[PublishClient], tag: Tag) -> None:
        if tag.kind in _AUDIO:
            link.client.send_audio(self._time.audio_ms(tag.captured_at), tag.body)
        else:
            link.client.send_video(self._time.video_ms(tag.captured_at), tag.body)
            self._keep_gop_short(link, tag)
        self._counts.units_up += 1
        self._counts.bytes_up += len(tag.body)
        link.flush()

    def _keep_gop_short(self, link: RelayLink[PublishClient], tag: Tag) -> None:
        """Let players begin soon, where nobody asks for an IDR when they join."""
        at = tag.captured_at
        if tag.kind is Kind.IDR:
            self._idr_due = at + _STRANGERS_GOP_US
        elif not link.client.idr_on_join and at >= self._idr_due:
            self._idr_due = at + _STRANGERS_GOP_US
            self._want_idr()

    def _obey(self, event: ClientEvent) -> None:
        match event:
            case IdrRequested():
                self._want_idr()
            case OpusWanted(wanted):
                self._sound.as_opus = wanted and self._has.sound is Codec.OPUS
            case Ended(code):
                assert self._link is not None, "it ends after it began"
                self._link.fail(MediaError(f"ended by the relay: {code}"))
            case _:
                pass

    # -- what the page is told ----------------------------------------------------

    def _want_idr(self, *, of_page: bool = False) -> None:
        """
        Have the next picture need no other; the page is asked not too often.

        Args:
            of_page: Even if what we send is encoded here: we miss a picture.

        """
        self._pictures.want_idr()
        if of_page or not self._pictures.is_transcoding:
            self._wish.want()
            self._ask_page()

    def _ask_page(self) -> None:
        if self._outlet is not None and self._wish.is_due(self._now_us()):
            self._outlet.say("idr")

    def _allow(self, unit: Unit, now: int) -> None:
        """Tell the page what its pictures may take, when that changed."""
        behind_us = self._tags.video_age(now)
        if self._link is not None:
            octets = self._link.backlog_bytes
            behind_us += octets * 8_000_000 // max(self._told.bps, 1)
        size = len(unit.payload)
        allowance = self._rate.observe(unit.at_us, now, size, behind_us)
        told = self._told
        is_news = (
            allowance.hold != told.hold
            or abs(allowance.bps - told.bps) > _LARGE_STEP * told.bps
            or (allowance.hold and now - self._told_at > _HOLD_AGAIN_US)
        )
        if is_news and self._outlet is not None:
            self._told, self._told_at = allowance, now
            self._pictures.bitrate = allowance.bps
            self._outlet.say("rate", bps=allowance.bps, hold=allowance.hold)

    def _count_drops(self) -> None:
        dropped = self._units.drops.total + self._tags.drops.total
        self._counts.units_dropped_up += dropped - self._dropped
        self._dropped = dropped


def _metadata(has: Hello) -> Mapping[str, amf0.Value]:
    told: dict[str, amf0.Value] = {"encoder": "kiosk desk"}
    if has.pictures:
        told |= {"videocodecid": 7.0, "framerate": PICTURE_RATE}
    if has.sound is not None:
        told |= {"audiocodecid": 10.0, "audiosamplerate": float(SAMPLE_RATE)}
        told |= {"audiosamplesize": 16.0, "stereo": False}
    return told
