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
    A connection of which TCP sends a segment, waits a moment, and sends the next.

    Args:
        waits: For how many looks nothing goes on after a segment; 0: TCP is quick.
        on_look: Called at each look at the kernel, with whether TCP waits.

    Attributes:
        sent: What was given to it, piece by piece.
        tags: What the relay understood.

    """

    def __init__(self, waits: int, on_look: Callable[[bool], None]) -> None:
        super().__init__(lambda session: b"")
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
        unsent = 2 * SEGMENT_BYTES if is_waiting else 0
        return Reading(unsent, rtt_us=1, acked_bytes=0, unsent_bytes=unsent)


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
    """One picture of 10 kB, and sound whenever TCP waits in the middle of it."""

    def __init__(self, waits: int) -> None:
        self.clock = SteadyClock()
        self.outgoing = Outgoing(self.clock)
        self.link = SlowLink(waits, self._look)
        self._picture = [self._large()]
        self._worker = Worker("sender", self._run)
        bits = Bitrate(300_000)
        self._sender = Sender(
            lambda beat: self.link,
            self.outgoing,
            Camera(),
            self.clock,
            audio=MicrophoneEncoder(),
            controller=Uncontrolled(start=bits, ceiling=bits, sound=bits),
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
        elif is_waiting and self.pieces:
            self.outgoing.put_sound(AacUnit(SOUND, Micros(self.clock.now())))
        if any(LARGE in tag.payload for tag in self.link.tags):
            self._worker.stopping.set()


async def test_sound_goes_between_the_chunks_of_a_large_picture() -> None:
    push = Push(waits=6).run()

    large = next(n for n, tag in enumerate(push.link.tags) if LARGE in tag.payload)
    overtook = [tag for tag in push.link.tags[:large] if tag.payload.endswith(SOUND)]
    assert len(overtook) >= len(push.pieces) > 5


async def test_a_chunk_is_one_segment_also_where_it_is_encrypted() -> None:
    push = Push(waits=6).run()

    assert len(push.pieces) >= len(LARGE) // SHORT_CHUNK_BYTES
    assert max(map(len, push.pieces)) + TLS_BYTES <= SEGMENT_BYTES


async def test_where_tcp_sends_at_once_a_picture_goes_at_once() -> None:
    push = Push(waits=0).run()

    first = push.link.sent.index(push.pieces[0])
    assert push.link.sent[first : first + len(push.pieces)] == push.pieces
    assert len(push.pieces) > 5
