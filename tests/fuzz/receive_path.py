"""
The whole way from the wire to the ear and the eye, fed by hand, in one thread.

Everything is the product's: the receiver with its reconnecting, the RTMP
client, the FLV parsers, the jitter buffer, the decoders, the schedule and the
display in memory.  Only the link is a piece of memory with a server session
behind it, and the clock is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from typing_extensions import override

from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import StreamEnded, StreamStalled, WireError
from kiosk.media.incoming import IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.link import Link
from kiosk.media.playout import IncomingSound
from kiosk.media.presence import Presence
from kiosk.media.receiver import PlayDeadlines, Receiver
from kiosk.media.render import StreamPictures
from kiosk.media.worker import Worker
from kiosk.ports import Layer, MediaFact
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import Message
from kiosk.rtmp.server import STREAM_ID, ServerSession
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.rtmp_goldens import served
from tests.fakes.rtmp_pair import SERVER_RANDOM
from tests.fakes.steady_clock import SteadyClock
from tests.fuzz.units import Unit


_URL = RtmpUrl.parse("rtmp://relay.example/live/fuzz")
_AT_ONCE = PlayDeadlines(
    first_media_s=1e9, media_s=1e9, first_pause_s=0.0, longest_pause_s=0.0
)
_PERIOD_S = 0.01
_PERIODS_A_UNIT = 2
_AUDIO_CHUNKS, _VIDEO_CHUNKS = 4, 6
_WRAP = 2**32


@dataclass(frozen=True, slots=True)
class Reached:
    """
    How far units came: a fuzz that stops at the first parser shows nothing.

    Attributes:
        refused_by_server: Conversations.
        decoded: Pictures that went to the decoder.

    """

    connections: int
    refused_by_server: int
    pictures: int
    decoded: int
    damaged: int
    shown: int
    heard_ms: int
    concealed_ms: int


class MemoryLink(Link):
    """A link to a relay that grants everything and plays what it is told to."""

    def __init__(self, next_wire: Callable[[ServerSession], bytes]) -> None:
        self._session = ServerSession(SERVER_RANDOM)
        self._next_wire = next_wire

    @property
    @override
    def url(self) -> RtmpUrl:
        return _URL

    @property
    @override
    def name(self) -> str:
        return _URL.redacted

    @property
    @override
    def start_left_s(self) -> float:
        return 1.0

    @property
    @override
    def is_cancelled(self) -> bool:
        return False

    @override
    def dial(self) -> None:
        pass

    @override
    def send(self, payload: bytes) -> None:
        try:
            served(self._session, payload)
        except WireError as exc:
            raise StreamEnded(str(exc)) from None

    @override
    def receive(self, within_s: float) -> bytes:
        return self._session.bytes_to_send() or self._next_wire(self._session)

    @override
    def cancel(self) -> None:
        pass

    @override
    def close(self) -> None:
        pass

    @override
    def start_stalled(self, phase: str) -> StreamStalled:
        return StreamStalled(phase)


class ReceivePath:
    """One peer's stream, received, heard and seen."""

    def __init__(self, units: Iterator[Unit]) -> None:
        self._units = units
        self._time_ms = 0
        self._clock = clock = SteadyClock()
        self._display = HeadlessDisplay(clock, width=160, height=90)
        self._display.open()
        self._connections = self._refused = self._heard_ms = 0
        self._counters = PlayCounters()
        self._stream = IncomingStream(
            "fuzz",
            Layer.BASE,
            self._counters,
            bounds=DelayBounds(),
            on_picture=lambda: None,
        )
        self._sound = IncomingSound(self._stream)
        self._pictures = StreamPictures(
            self._stream, Presence("fuzz"), self._display, clock, self._take_fact
        )
        self._receiver = Receiver(
            _URL,
            self._stream,
            clock,
            self._take_fact,
            make_link=self._make_link,
            deadlines=_AT_ONCE,
        )
        self._worker: Worker | None = None

    async def run(self) -> None:
        """Receive until there are no more units."""
        self._worker = Worker("fuzz", self._receiver.run)
        self._receiver.run(self._worker)

    @property
    def reached(self) -> Reached:
        """How far units came until now."""
        counters, drops = self._counters, self._counters.drops
        undecoded = drops.without_idr + drops.behind + drops.crowded + drops.moved
        return Reached(
            connections=self._connections,
            refused_by_server=self._refused,
            pictures=counters.pictures_received,
            decoded=counters.pictures_received - undecoded,
            damaged=drops.damaged,
            shown=counters.pictures_shown,
            heard_ms=self._heard_ms,
            concealed_ms=counters.concealed_us // 1000,
        )

    def _make_link(self, url: RtmpUrl, beat: Callable[[], None]) -> Link:
        self._connections += 1
        return MemoryLink(self._next_wire)

    def _take_fact(self, fact: MediaFact) -> None:
        """Facts go nowhere."""

    def _next_wire(self, session: ServerSession) -> bytes:
        """Hear and see what came, and return the next unit as its bytes."""
        for _ in range(_PERIODS_A_UNIT):
            self._clock.move(_PERIOD_S)
            _, pts_us = self._sound.next_period(self._clock.now())
            self._heard_ms += 0 if pts_us is None else 10
        self._pictures.step()
        self._pictures.look()
        unit = next(self._units, None)
        if unit is None:
            assert self._worker is not None
            self._worker.stopping.set()
            return b""
        if unit.conversation:
            self._converse(unit.conversation)
        for tag in unit.tags:
            self._time_ms = (self._time_ms + tag.step_ms) % _WRAP
            chunks = _VIDEO_CHUNKS if tag.type_id == m.VIDEO else _AUDIO_CHUNKS
            message = Message(tag.type_id, STREAM_ID, self._time_ms, tag.body)
            session.send_media(message, chunks)
        return session.bytes_to_send() + unit.wire

    def _converse(self, wrong: bytes) -> None:
        try:
            served(ServerSession(SERVER_RANDOM), wrong)
        except WireError:
            self._refused += 1
