"""
The whole way from the wire to the ear and the eye, fed by hand, in one thread.

Everything is the product's: the receiver with its reconnecting, the RTMP
client, the FLV parsers, the jitter buffer, the decoders, the schedule and the
display in memory.  Only the link is a piece of memory with a server session
behind it, and the clock is moved: ten milliseconds for each thing that comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import override

from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import StreamEnded, StreamStalled, WireError
from kiosk.media.flow import Reading
from kiosk.media.incoming import HeardAt, IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.link import Link
from kiosk.media.playout import IncomingSound
from kiosk.media.presence import Presence
from kiosk.media.receiver import PlayDeadlines, Receiver
from kiosk.media.render import StreamPictures
from kiosk.media.stretch import Pcm
from kiosk.media.worker import Worker
from kiosk.ports import Display, Layer, MediaFact, Micros
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import Message
from kiosk.rtmp.events import IdrRequested
from kiosk.rtmp.server import STREAM_ID, ServerSession
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.rtmp_goldens import served
from tests.fakes.rtmp_pair import SERVER_RANDOM
from tests.fakes.steady_clock import SteadyClock


PERIOD_US = 10_000
LEAD_US = 20_000
"""From the moment a period is made to the moment it is heard, as in a call."""

_URL = RtmpUrl.parse("rtmp://relay.example/live/peer")
_AT_ONCE = PlayDeadlines(
    first_media_s=1e9, media_s=1e9, first_pause_s=0.0, longest_pause_s=0.0
)
_AUDIO_CHUNKS, _VIDEO_CHUNKS = 4, 6


@dataclass(frozen=True, slots=True)
class Tag:
    """A message of the relay to its player."""

    type_id: int
    body: bytes
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Coming:
    """
    What comes within ten milliseconds.

    Attributes:
        tags: In this order.
        wire: Bytes as they are, behind the tags.
        is_broken_off: The connection ends with them.

    """

    tags: Sequence[Tag] = ()
    wire: bytes = b""
    is_broken_off: bool = False


class MemoryLink(Link):
    """A link to a relay that grants everything and plays what it is told to."""

    def __init__(self, next_wire: Callable[[ServerSession], bytes]) -> None:
        self._session = ServerSession(SERVER_RANDOM)
        self._next_wire = next_wire
        self.idrs_wanted = 0

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
            said = served(self._session, payload)
        except WireError as exc:
            raise StreamEnded(str(exc)) from None
        self.idrs_wanted += sum(isinstance(event, IdrRequested) for event in said)

    @override
    def receive(self, within_s: float) -> bytes:
        return self._session.bytes_to_send() or self._next_wire(self._session)

    @override
    def measure(self) -> Reading:
        return Reading(backlog_bytes=0, rtt_us=0, acked_bytes=0)

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
    """
    One peer's stream, received, heard and seen.

    Args:
        coming: One entry every ten milliseconds, from ``begin`` on.
        make_display: Returns the display, opened here.
        on_period: Told of every period: when it is heard, its samples, and the
            sender's time of its first sample.

    Attributes:
        links: All connections so far.

    """

    def __init__(
        self,
        coming: Iterator[Coming],
        *,
        begin: int = 1_000_000,
        make_display: Callable[[SteadyClock], Display] = HeadlessDisplay,
        on_period: Callable[[Micros, Pcm | None, int | None], None] | None = None,
        on_fact: Callable[[MediaFact], None] | None = None,
    ) -> None:
        self._coming = coming
        self._on_period = on_period
        self._worker: Worker | None = None
        self.clock = clock = SteadyClock(begin)
        display = make_display(clock)
        display.open()
        self.counters = PlayCounters()
        self.links = 0
        self.link: MemoryLink | None = None
        self.stream = IncomingStream(
            "peer",
            Layer.BASE,
            self.counters,
            bounds=DelayBounds(),
            on_picture=lambda: None,
        )
        post = on_fact or _forget
        self._sound = IncomingSound(self.stream)
        self._pictures = StreamPictures(
            self.stream, Presence("peer"), display, clock, post
        )
        self._receiver = Receiver(
            _URL,
            self.stream,
            clock,
            post,
            make_link=self._make_link,
            deadlines=_AT_ONCE,
        )

    async def run(self) -> None:
        """Receive until nothing more is coming."""
        self._worker = Worker("receiver", self._receiver.run)
        self._receiver.run(self._worker)

    def _make_link(self, url: RtmpUrl, beat: Callable[[], None]) -> Link:
        self.links += 1
        self.link = MemoryLink(self._next_wire)
        return self.link

    def _next_wire(self, session: ServerSession) -> bytes:
        """Hear and see what came, and return what comes next."""
        self._hear()
        self._pictures.step()
        self._pictures.look()
        self.clock.move(PERIOD_US / 1_000_000)
        coming = next(self._coming, None)
        if coming is None:
            assert self._worker is not None
            self._worker.stopping.set()
            return b""
        if coming.is_broken_off:
            raise StreamEnded("the relay closed the connection")
        for tag in coming.tags:
            chunks = _VIDEO_CHUNKS if tag.type_id == m.VIDEO else _AUDIO_CHUNKS
            time_ms = tag.timestamp_ms % 2**32
            session.send_media(
                Message(tag.type_id, STREAM_ID, time_ms, tag.body), chunks
            )
        return session.bytes_to_send() + coming.wire

    def _hear(self) -> None:
        """Take the next period, as the playout does."""
        now = self.clock.now()
        samples, pts_us = self._sound.next_period(now)
        at = Micros(now + LEAD_US)
        if pts_us is not None:
            self.stream.heard = HeardAt(pts_us, at)
        if self._on_period is not None:
            self._on_period(at, samples, pts_us)


def _forget(fact: MediaFact) -> None:
    """Facts go nowhere."""
