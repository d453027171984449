"""Sound overtakes pictures where TCP is slow, also in the middle of a large one."""

from __future__ import annotations

import random
from collections.abc import Callable

from typing_extensions import override

from kiosk.codec.aac import AacUnit
from kiosk.media.flow import Reading
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import Outgoing
from kiosk.media.sender import PushCounters, Sender
from kiosk.media.worker import Worker
from kiosk.ports import AccessUnit, Bitrate, Micros
from kiosk.rtmp.connection import SHORT_CHUNK_BYTES
from kiosk.rtmp.events import AudioTag, VideoTag
from kiosk.small_segments import SEGMENT_BYTES
from tests.fakes.h264_wire import clip
from tests.fakes.receive_path import MemoryLink
from tests.fakes.rtmp_goldens import served
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.uncontrolled import Uncontrolled


LARGE = random.Random(1).randbytes(10_000).replace(b"\0\0", b"\1\1")
SOUND = b"sound"
TLS_BYTES = 29  # of a record of 1.2 with AES-GCM: head, nonce and tag


class SlowLink(MemoryLink):
    """
    A connection of which a segment goes, a moment passes, and then the next goes.

    Args:
        waits: For how many looks nothing goes on after a segment; 0: all is quick.
        on_look: Called at each look at the kernel, with whether it waits.
        is_under_way: What waits does so on the path, and not in TCP.

    Attributes:
        sent: What was given to it, piece by piece.
        tags: What the relay understood.

    """

    def __init__(
        self, waits: int, on_look: Callable[[bool], None], *, is_under_way: bool
    ) -> None:
        super().__init__(lambda session: b"")
        self._is_under_way = is_under_way
        self._waits = self._left = waits
        self._on_look = on_look
        self.sent: list[bytes] = []
        self.tags: list[AudioTag | VideoTag] = []

    @override
    def send(self, payload: bytes) -> None:
        self.sent.append(payload)
        if len(payload) > SEGMENT_BYTES // 2:
            self._left = self._waits
        said = served(self._session, payload)
        self.tags += [one for one in said if isinstance(one, AudioTag | VideoTag)]

    @override
    def measure(self) -> Reading:
        is_waiting = self._left > 0
        self._left -= is_waiting
        self._on_look(is_waiting)
        backlog = 2 * SEGMENT_BYTES if is_waiting else 0
        unsent = 0 if self._is_under_way else backlog
        return Reading(backlog, rtt_us=1, acked_bytes=0, unsent_bytes=unsent)


class Camera:
    """Steered, and silent about it."""

    picture_size = (320, 240)

    def request_idr(self) -> None:
        return

    def set_bitrate(self, bitrate: Bitrate) -> None:
        return

    def set_picture_rate(self, pictures_per_second: float) -> None:
        return


class Push:
    """
    One picture of 10 kB, and sound whenever something waits in the middle of it.

    Args:
        waits: See :class:`SlowLink`.
        most_under_way: What the controller says: then what waits is on its way.
        has_next: In place of sound another picture comes, and waits behind it.

    """

    def __init__(
        self, waits: int, most_under_way: int = 0, *, has_next: bool = False
    ) -> None:
        self._next = [AccessUnit(b"\0\0\0\1\x41next", Micros(0), is_idr=False)]
        self._has_next = has_next
        self.clock = SteadyClock()
        self.outgoing = Outgoing(self.clock)
        narrow = bool(most_under_way)
        self.link = SlowLink(waits, self._look, is_under_way=narrow)
        self._picture = [self._large()]
        self._worker = Worker("sender", self._run)
        bits = Bitrate(300_000)
        control = Uncontrolled(start=bits, ceiling=bits, sound=bits)
        control.most_under_way = most_under_way or control.most_under_way
        self._sender = Sender(
            lambda beat: self.link,
            self.outgoing,
            Camera(),
            self.clock,
            audio=MicrophoneEncoder(),
            controller=control,
            counters=PushCounters(),
            on_lost=lambda error: None,
        )

    def run(self) -> Push:
        """Send until the relay has the picture, on this thread."""
        self._sender.run(self._worker)
        return self

    @property
    def pieces(self) -> list[bytes]:
        """The picture as it was given to TCP."""
        parts = [LARGE[at : at + 64] for at in range(0, len(LARGE), 64)]
        return [one for one in self.link.sent if any(part in one for part in parts)]

    def _run(self, worker: Worker) -> None:
        raise AssertionError("runs on the test's own thread")

    def _large(self) -> AccessUnit:
        (real,) = clip(1)
        data = real.data + b"\0\0\0\1\x65" + LARGE
        return AccessUnit(data, self.clock.now(), is_idr=True)

    def _look(self, is_waiting: bool) -> None:
        if self._picture:
            self.outgoing.put_picture(self._picture.pop())
            self.clock.move(0.15)  # longer than pictures are held back whole
        elif self._has_next:
            if self._next:
                self.outgoing.put_picture(self._next.pop())
            elif self.clock.now() < 1_290_000:
                self.clock.move(0.01)
        elif is_waiting and self.pieces:
            self.outgoing.put_sound(AacUnit(SOUND, Micros(self.clock.now())))
        if any(LARGE in tag.payload for tag in self.link.tags):
            self._worker.stopping.set()


def sounds_before(push: Push) -> int:
    """Return how much sound the relay had before it had the picture."""
    tags = push.link.tags
    large = next(n for n, tag in enumerate(tags) if LARGE in tag.payload)
    return sum(tag.payload.endswith(SOUND) for tag in tags[:large])


async def test_sound_goes_between_the_chunks_of_a_large_picture() -> None:
    push = Push(waits=6).run()

    assert sounds_before(push) >= len(push.pieces) > 5


async def test_sound_does_not_wait_on_a_narrow_way_behind_a_large_picture() -> None:
    push = Push(waits=6, most_under_way=SEGMENT_BYTES).run()

    assert sounds_before(push) >= len(push.pieces) > 5


async def test_what_a_narrow_way_has_room_for_goes_at_once() -> None:
    push = Push(waits=6, most_under_way=3 * SEGMENT_BYTES).run()

    assert sounds_before(push) == 0


async def test_a_picture_gives_way_before_those_behind_it_are_too_old() -> None:
    push = Push(waits=1_000_000, has_next=True).run()

    assert sum(LARGE in tag.payload for tag in push.link.tags) == 1
    assert push.outgoing.drops.total == 0


async def test_a_chunk_is_one_segment_also_where_it_is_encrypted() -> None:
    push = Push(waits=6).run()

    assert len(push.pieces) >= len(LARGE) // SHORT_CHUNK_BYTES
    assert max(map(len, push.pieces)) + TLS_BYTES <= SEGMENT_BYTES


async def test_where_tcp_sends_at_once_a_picture_goes_at_once() -> None:
    push = Push(waits=0).run()

    first = push.link.sent.index(push.pieces[0])
    assert push.link.sent[first : first + len(push.pieces)] == push.pieces
    assert len(push.pieces) > 5
