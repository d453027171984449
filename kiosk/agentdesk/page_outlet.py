"""
What goes out to a page: words at once, media through a queue that forgets.

One task writes.  The kernel's buffer and the page's own acknowledgements decide
what may be under way; the rest waits in a :class:`kiosk.rtmp.live_queue.LiveQueue`
and loses to the next IDR.  A page that takes nothing any more is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from kiosk.agentdesk.ack_window import AckWindow
from kiosk.agentdesk.framing import HEADER_BYTES, Unit, pack
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_words import words
from kiosk.errors import StreamStalled
from kiosk.rtmp.live_queue import Kind, LiveQueue, QueueLimits


_RING: Final = QueueLimits(
    video_age=400_000, audio_age=400_000, size_bytes=2 * 1024 * 1024
)
_CONFIGS: Final = (Kind.VIDEO_CONFIG, Kind.AUDIO_CONFIG)


class PageSocket(Protocol):
    """A WebSocket to a page; ``starlette.websockets.WebSocket`` is one."""

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message; waits while the network takes nothing."""
        ...

    async def send_text(self, data: str) -> None:
        """Send a text message, likewise."""
        ...


@dataclass(frozen=True, slots=True)
class OutletLimits:
    """
    What a page is granted.

    Attributes:
        ring: When what waits loses to the next IDR (microseconds).
        words: What may wait to be said.
        stall_s: A page that takes nothing for so long is given up.

    """

    ring: QueueLimits = _RING
    words: int = 64
    stall_s: float = 10.0


class PageOutlet:
    """
    The sending half of a page's socket.

    Args:
        want_idr: Called when nothing goes on without an IDR of the peer.
        now_us: The clock of the event loop in microseconds.

    Attributes:
        is_hidden: Nobody sees the page: pictures are not sent.

    """

    def __init__(
        self,
        socket: PageSocket,
        counts: DeskCounts,
        want_idr: Callable[[], None],
        now_us: Callable[[], int],
        limits: OutletLimits | None = None,
    ) -> None:
        self._socket = socket
        self._counts = counts
        self._want_idr = want_idr
        self._now_us = now_us
        self._limits = limits or OutletLimits()
        self._queue: LiveQueue[Unit] = LiveQueue(self._limits.ring)
        self._window = AckWindow()
        self._words: deque[str] = deque()
        self._wake = asyncio.Event()
        self._dropped = 0
        self._is_deaf = False
        self._taken: int | None = None
        self.is_hidden = False

    @property
    def waiting_bytes(self) -> int:
        """Of the media that wait."""
        return self._queue.size_bytes

    def say(self, what: str, **members: object) -> None:
        """Tell the page something; one that does not listen is given up."""
        if len(self._words) < self._limits.words:
            self._words.append(words(what, **members))
        else:
            self._is_deaf = True
        self._wake.set()

    def acknowledge(self, sequence: int) -> None:
        """Tell the page what came; of several numbers that wait, the last."""
        self._taken = sequence
        self._wake.set()

    def offer(self, unit: Unit) -> None:
        """Take a unit of the peer; never waits."""
        if self.is_hidden and unit.is_video and unit.kind not in _CONFIGS:
            self._queue.waits_for_idr = True
            self._counts.units_dropped_down += 1
            return
        size = HEADER_BYTES + len(unit.payload)
        self._queue.put(self._now_us(), unit.kind, size, unit)
        self._wake.set()

    def begin_anew(self) -> None:
        """Forget what waits: what comes belongs to another stream."""
        self._queue.restart()

    def set_hidden(self, *, hidden: bool) -> None:
        """Note whether anybody sees the page."""
        was_hidden, self.is_hidden = self.is_hidden, hidden
        if was_hidden and not hidden:
            self._want_idr()

    def acked(self, sequence: int) -> None:
        """Note what the page took in."""
        self._window.acked(sequence, self._now_us())
        self._wake.set()

    async def run(self) -> None:
        """
        Write until cancelled.

        Raises:
            StreamStalled: The page takes nothing any more.

        """
        while True:
            stall_s = self._limits.stall_s
            try:
                async with asyncio.timeout(stall_s):
                    await self._write()
            except TimeoutError:
                raise StreamStalled(f"nothing leaves for {stall_s:g} s") from None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(stall_s / 4):
                    await self._wake.wait()
            if self._window.waits_us(self._now_us()) > stall_s * 1_000_000:
                raise StreamStalled(f"the page takes nothing for {stall_s:g} s")
            if self._is_deaf:
                raise StreamStalled("the page does not read what it is told")

    async def _write(self) -> None:
        self._wake.clear()
        await self._say_words()
        while self._window.is_open(self._now_us()):
            unit = self._queue.get(self._now_us())
            if unit is None:
                break
            message = pack(unit, self._window.sent(self._now_us()))
            self._counts.units_down += 1
            self._counts.bytes_down += len(message)
            await self._socket.send_bytes(message)
            await self._say_words()
        self._count_drops()
        # not while it takes nothing: the IDR would only wait as well
        if self._window.is_open(self._now_us()) and self._queue.take_idr_wanted():
            self._want_idr()

    async def _say_words(self) -> None:
        while self._words:
            await self._socket.send_text(self._words.popleft())
        taken, self._taken = self._taken, None
        if taken is not None:
            await self._socket.send_text(words("ack", sequence=taken))

    def _count_drops(self) -> None:
        dropped = self._queue.drops.total
        self._counts.units_dropped_down += dropped - self._dropped
        self._dropped = dropped
