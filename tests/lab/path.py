"""
One direction of a network path: a queue, a bottleneck, a wire that loses and delays.

Pure: whoever carries the packets brings the time, in seconds on any one clock.
Used by the shuttle between two namespaces, and by the virtual-time simulator
of rate control, so that both mean the same by rate, queue and loss.

A packet waits in the queue (drop-tail, so many bytes), is sent at the rate,
is then lost by chance, and arrives after the delay plus a random jitter.  The
order is kept: jitter of a radio link comes from retransmissions below IP,
which deliver in order.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    What a path does to packets; any of it may change while they travel.

    Attributes:
        rate_kbps: Of the bottleneck, whole IP packets counted; 0: not limited.
        delay_ms: Of every packet, one way.
        jitter_ms: Added to it, evenly spread from 0 to this.
        loss_percent: Of the packets that passed the bottleneck.
        queue_bytes: Waiting before the bottleneck at most.
        twice_percent: Of the packets that arrive, how many do so twice.
        early_percent: How many overtake those before them.
        cut_percent: How many have lost their end: their check-sums are wrong.

    """

    rate_kbps: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_percent: float = 0.0
    queue_bytes: int = 1_000_000
    twice_percent: float = 0.0
    early_percent: float = 0.0
    cut_percent: float = 0.0


@dataclass(slots=True)
class Counts:
    """What became of the packets so far."""

    offered: int = 0
    arrived: int = 0
    arrived_bytes: int = 0
    lost: int = 0
    refused: int = 0


class Path:
    """
    Packets on their way.

    Attributes:
        counts: Since the beginning.

    """

    def __init__(self, conditions: Conditions | None = None, seed: int = 1) -> None:
        self.counts = Counts()
        self._conditions = conditions or Conditions()
        self._random = random.Random(seed)
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._left_bits = 0.0  # of the packet at the bottleneck
        self._sent_up_to = 0.0  # when the bottleneck was looked at last
        self._flying: deque[tuple[float, bytes]] = deque()

    @property
    def conditions(self) -> Conditions:
        """What holds now."""
        return self._conditions

    @property
    def queued_bytes(self) -> int:
        """Before the bottleneck, the packet being sent included."""
        return self._queued_bytes

    def change(self, now: float, **conditions: float) -> None:
        """Change some of the conditions from now on."""
        self._send(now)
        self._conditions = replace(self._conditions, **conditions)  # type: ignore[arg-type]

    def offer(self, packet: bytes, now: float) -> None:
        """Let a packet enter the queue, or be refused by it."""
        self._send(now)
        self.counts.offered += 1
        if self._queued_bytes + len(packet) > self._conditions.queue_bytes:
            self.counts.refused += 1
            return
        self._queued_bytes += len(packet)
        self._queue.append(packet)
        if len(self._queue) == 1:
            self._left_bits = len(packet) * 8
        self._send(now)

    def take(self, now: float) -> list[bytes]:
        """Return the packets that have arrived."""
        self._send(now)
        arrived: list[bytes] = []
        while self._flying and self._flying[0][0] <= now:
            packet = self._flying.popleft()[1]
            self.counts.arrived += 1
            self.counts.arrived_bytes += len(packet)
            arrived.append(packet)
        return arrived

    def next_event(self) -> float | None:
        """Return when to look again, None while nothing is on its way."""
        times = [self._flying[0][0]] if self._flying else []
        if self._queue:
            times.append(self._sent_up_to + self._left_s())
        return min(times, default=None)

    def _send(self, now: float) -> None:
        """Let the bottleneck work until now."""
        while self._queue:
            done_at = self._sent_up_to + self._left_s()
            if done_at > now:
                self._left_bits -= (now - self._sent_up_to) * self._bits_per_s
                break
            self._fly(self._queue.popleft(), done_at)
            self._sent_up_to = done_at
            if self._queue:
                self._left_bits = len(self._queue[0]) * 8
        self._sent_up_to = max(now, self._sent_up_to)

    def _fly(self, packet: bytes, at: float) -> None:
        self._queued_bytes -= len(packet)
        conditions = self._conditions
        if self._random.random() * 100 < conditions.loss_percent:
            self.counts.lost += 1
            return
        delay_ms = conditions.delay_ms + self._random.random() * conditions.jitter_ms
        arrives = at + delay_ms / 1000
        if self._flying:
            arrives = max(arrives, self._flying[-1][0])
        if self._happens(conditions.cut_percent):
            packet = packet[: len(packet) // 2]
        copies = 2 if self._happens(conditions.twice_percent) else 1
        self._flying.extend([(arrives, packet)] * copies)
        if self._happens(conditions.early_percent):
            self._flying[-1], self._flying[0] = (
                (arrives, self._flying[0][1]),
                (self._flying[0][0], packet),
            )

    def _happens(self, percent: float) -> bool:
        """Draw, where there is anything to draw for: other links keep their luck."""
        return percent > 0 and self._random.random() * 100 < percent

    def _left_s(self) -> float:
        rate = self._bits_per_s
        return self._left_bits / rate if rate else 0.0

    @property
    def _bits_per_s(self) -> float:
        return self._conditions.rate_kbps * 1000
