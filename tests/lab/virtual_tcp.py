"""
One TCP connection in virtual time, as Linux behaves with CUBIC: for tuning rate control.

A model and no more: it has what rate control sees (a send buffer, a congestion
window, selective acknowledgements, delayed acknowledgements, retransmission by
RACK, by probe and by timeout) and leaves out what it does not (windows, the
handshake, pacing).  The paths are those of the network lab, and count as
there: whole IP packets.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.path import Path


MSS = 1448
HEADERS = 52  # IP and TCP with timestamps
_LEAST_RTO_S, _MOST_RTO_S = 0.2, 120.0
_DELAYED_ACK_S = 0.04
_FIRST_WINDOW = 10.0
_BETA = 0.7
_FRIENDLY = 0.53  # CUBIC's growth per round trip while the window is small
_SEGMENT = struct.Struct("!QII")


@dataclass(slots=True)
class _Segment:
    begin: int
    size: int
    sent_at: float
    transmissions: int = 1
    is_sacked: bool = False
    is_lost: bool = False  # and is to be sent again
    was_lost: bool = False  # as an acknowledgement showed


class VirtualTcp:
    """
    Both ends of a connection; data flow one way.

    Attributes:
        acked_bytes: Of what was written.
        rtt_s: Smoothed.

    """

    def __init__(
        self,
        up: Path,
        down: Path,
        on_delivered: Callable[[int, float], None],
        *,
        buffer_bytes: int = 65_536,
    ) -> None:
        self._up, self._down = up, down
        self._receiver = _Receiver(down, on_delivered)
        self._buffer_bytes = buffer_bytes
        self._written = 0
        self._next = 0
        self._outstanding: deque[_Segment] = deque()
        self._window = _FIRST_WINDOW
        self._threshold = 1e9
        self._recover_up_to = -1
        self._rtt_var_s = 0.0
        self._least_rtt_s = 1e9
        self._rack_sent_at = 0.0
        self._timer_at: float | None = None
        self._backoff = 1
        self._may_probe = True
        self.acked_bytes = 0
        self.rtt_s = 0.0

    @property
    def backlog_bytes(self) -> int:
        """Written and not acknowledged, as SIOCOUTQ tells."""
        return self._written - self.acked_bytes

    @property
    def unsent_bytes(self) -> int:
        """Written, and kept back by the window."""
        return self._written - self._next

    @property
    def passed_bytes(self) -> int:
        """Selectively acknowledged behind a gap, or lost: in no queue."""
        return sum(s.size for s in self._outstanding if s.is_sacked or s.was_lost)

    @property
    def room_bytes(self) -> int:
        """What the send buffer still takes."""
        return self._buffer_bytes - self.backlog_bytes

    def write(self, size: int, now: float) -> None:
        """Put bytes into the send buffer."""
        self._written += size
        self._transmit(now)

    def next_event(self) -> float | None:
        """Return when to call :meth:`advance`, None while nothing goes on."""
        times = [
            self._up.next_event(),
            self._down.next_event(),
            self._receiver.acks_at,
            self._timer_at,
        ]
        return min((at for at in times if at is not None), default=None)

    def advance(self, now: float) -> None:
        """Let everything happen that is due."""
        for packet in self._up.take(now):
            begin, size, _ = _SEGMENT.unpack_from(packet)
            self._receiver.take(begin, size, now)
        self._receiver.tick(now)
        for packet in self._down.take(now):
            self._acknowledged(packet, now)
        if self._timer_at is not None and now >= self._timer_at:
            self._timed_out(now)
        self._transmit(now)

    # -- sending -----------------------------------------------------------------

    @property
    def _flying(self) -> int:
        return sum(not (s.is_sacked or s.is_lost) for s in self._outstanding)

    def _transmit(self, now: float) -> None:
        flying = self._flying
        for segment in self._outstanding:
            if flying >= int(self._window):
                return
            if segment.is_lost:
                segment.is_lost = False
                segment.sent_at = now
                segment.transmissions += 1
                self._send(segment, now)
                flying += 1
        while self._next < self._written and flying < int(self._window):
            size = min(MSS, self._written - self._next)
            segment = _Segment(self._next, size, now)
            self._outstanding.append(segment)
            self._next += size
            self._send(segment, now)
            flying += 1

    def _send(self, segment: _Segment, now: float) -> None:
        header = _SEGMENT.pack(segment.begin, segment.size, segment.transmissions)
        self._up.offer(header + bytes(HEADERS - len(header) + segment.size), now)
        self._set_timer(now)

    # -- being acknowledged --------------------------------------------------------

    def _acknowledged(self, packet: bytes, now: float) -> None:
        count = (len(packet) - HEADERS) // 16
        words = struct.unpack_from(f"!{2 * count + 1}Q", packet)
        up_to, blocks = words[0], list(zip(words[1::2], words[2::2], strict=True))
        newly = 0
        while self._outstanding and self._outstanding[0].begin < up_to:
            segment = self._outstanding.popleft()
            if not segment.is_sacked:
                newly += 1
                self._note_delivery(segment, now)
        for segment in self._outstanding:
            if not segment.is_sacked and any(
                begin <= segment.begin < end for begin, end in blocks
            ):
                segment.is_sacked, segment.is_lost = True, False
                newly += 1
                self._note_delivery(segment, now)
        if up_to > self.acked_bytes:
            self.acked_bytes = up_to
            self._backoff = 1
            self._may_probe = True
        self._grow(newly)
        self._find_losses()
        self._set_timer(now)

    def _note_delivery(self, segment: _Segment, now: float) -> None:
        self._rack_sent_at = max(self._rack_sent_at, segment.sent_at)
        if segment.transmissions > 1:
            return
        sample = now - segment.sent_at
        self._least_rtt_s = min(self._least_rtt_s, sample)
        if self.rtt_s == 0.0:
            self.rtt_s, self._rtt_var_s = sample, sample / 2
            return
        self._rtt_var_s += (abs(sample - self.rtt_s) - self._rtt_var_s) / 4
        self.rtt_s += (sample - self.rtt_s) / 8

    def _grow(self, newly: int) -> None:
        is_used = self._flying + newly >= int(self._window)
        if not newly or not is_used or self.acked_bytes <= self._recover_up_to:
            return
        if self._window < self._threshold:
            self._window += newly
        else:
            self._window += _FRIENDLY * newly / self._window

    def _find_losses(self) -> None:
        reordering_s = self._least_rtt_s / 4
        lost = False
        for segment in self._outstanding:
            if segment.is_sacked or segment.is_lost:
                continue
            if segment.sent_at + reordering_s < self._rack_sent_at:
                segment.is_lost = segment.was_lost = lost = True
        if lost and self.acked_bytes > self._recover_up_to:
            self._recover_up_to = self._next
            self._window = self._threshold = max(2.0, self._window * _BETA)

    def _set_timer(self, now: float) -> None:
        if not self._outstanding:
            self._timer_at = None
            return
        rto_s = max(_LEAST_RTO_S, 4 * self._rtt_var_s) + (self.rtt_s or 1.0)
        self._timer_at = now + min(rto_s * self._backoff, _MOST_RTO_S)
        if self._may_probe and self._backoff == 1 and self.rtt_s:
            spare_s = 0.002 if len(self._outstanding) > 1 else _LEAST_RTO_S
            self._timer_at = min(self._timer_at, now + 2 * self.rtt_s + spare_s)

    def _timed_out(self, now: float) -> None:
        if self._may_probe and self._backoff == 1 and self.rtt_s:
            self._may_probe = False  # tail loss probe: the last segment again
            last = self._outstanding[-1]
            if not last.is_sacked:
                last.sent_at, last.transmissions = now, last.transmissions + 1
                self._send(last, now)
            self._set_timer(now)
            return
        self._backoff *= 2
        self._threshold = max(2.0, self._window * _BETA)
        self._window = 1.0
        for segment in self._outstanding:
            segment.is_lost = not segment.is_sacked
            segment.was_lost = False
        self._recover_up_to = self._next
        self._set_timer(now)


class _Receiver:
    """The other end: puts in order, acknowledges."""

    def __init__(self, down: Path, on_delivered: Callable[[int, float], None]) -> None:
        self._down = down
        self._on_delivered = on_delivered
        self._in_order = 0
        self._acked = 0
        self._behind_gaps: dict[int, int] = {}  # begin to end
        self.acks_at: float | None = None

    def take(self, begin: int, size: int, now: float) -> None:
        if begin + size > self._in_order:
            self._behind_gaps[begin] = max(
                begin + size, self._behind_gaps.get(begin, 0)
            )
        before = self._in_order
        while self._in_order in self._behind_gaps:
            self._in_order = self._behind_gaps.pop(self._in_order)
        if self._in_order > before:
            self._on_delivered(self._in_order, now)
        in_order = self._in_order > before and not self._behind_gaps
        if not in_order or self._in_order - self._acked > MSS:
            self._acknowledge(now)
        elif self.acks_at is None:
            self.acks_at = now + _DELAYED_ACK_S

    def tick(self, now: float) -> None:
        if self.acks_at is not None and now >= self.acks_at:
            self._acknowledge(now)

    def _acknowledge(self, now: float) -> None:
        self._acked = self._in_order
        self.acks_at = None
        blocks = sorted(self._behind_gaps.items())
        words = [self._in_order, *(word for block in blocks for word in block)]
        packed = struct.pack(f"!{len(words)}Q", *words)
        size = HEADERS + 16 * len(blocks)
        self._down.offer(packed.ljust(size, b"\0"), now)
