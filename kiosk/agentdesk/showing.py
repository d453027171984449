"""
The way of a kiosk's stream to an agent's page.

Plays the stream from whatever relay its URL names, again and again until it is
cancelled, and hands every unit to the page's outlet.  The URL is asked for anew
before each attempt: a ticket is good for one.  Nothing is decoded here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kiosk.agentdesk.framing import MAX_UNIT_BYTES, Codec, Unit
from kiosk.agentdesk.idr_wish import IdrWish
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.page_outlet import PageOutlet
from kiosk.agentdesk.relay_link import RelayDoor, RelayLink, playing
from kiosk.errors import MediaError, RoomError, StreamStalled, WireError
from kiosk.rtmp import flv
from kiosk.rtmp.client import PlayClient
from kiosk.rtmp.events import AudioTag, ClientEvent, VideoTag
from kiosk.rtmp.live_queue import Kind


log: Final = logging.getLogger(__name__)

_LOOK_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class ShowingLimits:
    """
    When a stream is given up and tried anew.

    Attributes:
        first_media_s: Nothing came since the connection began.
        media_s: Nothing more came.
        first_pause_s, longest_pause_s: Between attempts, doubling.
        idr_apart_s: An IDR is asked for no more often.

    """

    first_media_s: float = 15.0
    media_s: float = 4.0
    first_pause_s: float = 0.3
    longest_pause_s: float = 3.0
    idr_apart_s: float = 0.5


class Showing:
    """One kiosk's stream on one page; ``run`` is the body of its task."""

    def __init__(
        self,
        call: MediaCall,
        door: RelayDoor,
        counts: DeskCounts,
        now_us: Callable[[], int],
        limits: ShowingLimits | None = None,
    ) -> None:
        self._call = call
        self._door = door
        self._counts = counts
        self._now_us = now_us
        self._limits = limits or ShowingLimits()
        self._outlet: PageOutlet | None = None
        self._link: RelayLink[PlayClient] | None = None
        self._news = asyncio.Event()
        self._is_moved = False
        self._media_at: int | None = None
        self._timeline = 0
        self._is_told_silent = False
        self._odd: set[str] = set()
        self._wish = IdrWish(round(self._limits.idr_apart_s * 1_000_000))
        call.on_moved(self._move)

    async def run(self, outlet: PageOutlet) -> None:
        """Show until cancelled."""
        self._outlet = outlet
        pause_s = self._limits.first_pause_s
        while True:
            self._is_moved = False
            self._media_at = None
            try:
                await self._play(await self._call.play_url(), outlet)
            except (MediaError, RoomError) as error:
                self._silent(outlet, error)
            if self._media_at is not None:
                pause_s = self._limits.first_pause_s
            if not self._is_moved:
                await self._pause(pause_s)
            pause_s = min(2 * pause_s, self._limits.longest_pause_s)

    def want_idr(self) -> None:
        """Have the kiosk make an IDR, if its relay passes that on; not too often."""
        self._wish.want()
        self._ask_kiosk()

    def _ask_kiosk(self) -> None:
        link = self._link
        if link is None or not self._wish.is_due(self._now_us()):
            return
        if link.client.request_idr():
            self._counts.idrs_asked += 1
            link.flush()

    async def _play(self, url: str, outlet: PageOutlet) -> None:
        """Play over one connection; returns when the stream moved."""
        async with playing(url, self._door, self._take) as link:
            self._link = link
            self._timeline += 1
            outlet.begin_anew()
            since = self._now_us()
            link.over.add_done_callback(lambda _: self._news.set())
            try:
                while not self._is_moved:
                    if link.over.done():
                        raise link.over.result()
                    self._check_silence(since)
                    await self._pause(_LOOK_S)
            finally:
                self._link = None

    def _check_silence(self, since: int) -> None:
        limits, at = self._limits, self._media_at
        limit_s = limits.first_media_s if at is None else limits.media_s
        if self._now_us() - (since if at is None else at) > limit_s * 1_000_000:
            raise StreamStalled(f"nothing came for {limit_s:g} s")

    def _move(self) -> None:
        self._is_moved = True
        self._news.set()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless there is news."""
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def _silent(self, outlet: PageOutlet, error: MediaError | RoomError) -> None:
        self._counts.plays_lost += 1
        if not self._is_told_silent:
            self._is_told_silent = True
            log.info("desk sees nothing of its kiosk: %s", error)
            outlet.say("silent", why=str(error))

    # -- what the relay sends ---------------------------------------------------

    def _take(self, event: ClientEvent) -> None:
        try:
            if isinstance(event, VideoTag):
                self._take_video(event)
            elif isinstance(event, AudioTag):
                self._take_audio(event)
        except WireError as error:  # one bad tag: the next may be good
            self._note_odd(str(error))

    def _take_video(self, event: VideoTag) -> None:
        match flv.parse_video(event.payload):
            case flv.VideoConfig(_, record):
                self._offer(Kind.VIDEO_CONFIG, Codec.H264, event.timestamp_ms, record)
            case flv.VideoUnit(is_idr, composition_ms, avcc):
                kind = Kind.IDR if is_idr else Kind.INTER
                at_ms = event.timestamp_ms + composition_ms
                self._offer(kind, Codec.H264, at_ms, avcc)
            case flv.UnknownVideo(codec):
                self._note_odd(f"pictures in {codec}")
            case _:
                pass

    def _take_audio(self, event: AudioTag) -> None:
        at_ms = event.timestamp_ms
        match flv.parse_audio(event.payload):
            case flv.AacConfig(record=record):
                self._offer(Kind.AUDIO_CONFIG, Codec.AAC, at_ms, record)
            case flv.AacUnit(raw):
                self._offer(Kind.AUDIO, Codec.AAC, at_ms, raw)
            case flv.OpusConfig(record=record):
                self._offer(Kind.AUDIO_CONFIG, Codec.OPUS, at_ms, record)
            case flv.OpusUnit(raw):
                self._offer(Kind.AUDIO, Codec.OPUS, at_ms, raw)
            case flv.UnknownAudio(codec):
                self._note_odd(f"sound in {codec}")

    def _offer(self, kind: Kind, codec: Codec, at_ms: int, payload: bytes) -> None:
        outlet = self._outlet
        assert outlet is not None, "media come while it runs"
        if not 0 < len(payload) <= MAX_UNIT_BYTES:
            raise WireError(f"a unit of {len(payload)} bytes")
        now = self._now_us()
        if self._media_at is None:
            self._is_told_silent = False
            outlet.say("playing")
        self._media_at = now
        self._ask_kiosk()
        outlet.offer(Unit(kind, codec, at_ms * 1000, now, payload, self._timeline))

    def _note_odd(self, what: str) -> None:
        if what not in self._odd and len(self._odd) < 8:  # noqa: PLR2004
            self._odd.add(what)
            log.warning("stream carries what no page can show: %s", what)
