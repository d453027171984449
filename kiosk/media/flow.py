"""
What the readings of one connection say of its path: how late it is, how fast.

Pure.  The measure of congestion is the *age* of what travels: how long ago the
oldest byte was sent that has not arrived.  It needs no guess of the link's
rate, and grows as soon as more is sent than arrives.  Bytes acknowledged
selectively have arrived, they only wait behind a gap, and bytes that were lost
fill no queue; so a lost packet by itself is no congestion.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from kiosk.ports import Micros


_AGES = 4  # the least of so many counts: one burst is no congestion
_ROUND_TRIP_US = 60_000_000  # a route may change within a call
_LATELY_US = 800_000
_LOSSY_US = 3_000_000
_ARRIVALS_US = 500_000
_LEAST_US = 120_000  # the least time that makes a rate
_LEAST_ARRIVALS = 3
_MOVES, _MOVES_US = 0.1, 15_000
_SILENCE_US = 150_000
_AFTER_SILENCE_US = 400_000  # TCP begins anew, slowly


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What the kernel says about a connection.

    Attributes:
        backlog_bytes: Sent and not acknowledged (SIOCOUTQ).
        rtt_us: Smoothed round trip time (TCP_INFO).
        acked_bytes: Acknowledged since the connection began (TCP_INFO).
        passed_bytes: Of the backlog, acknowledged selectively or known as lost:
            no queue of the path holds them any more.
        unsent_bytes: Of the backlog, not yet given to the path.

    """

    backlog_bytes: int
    rtt_us: int
    acked_bytes: int
    passed_bytes: int = 0
    unsent_bytes: int = 0


class _Sent(NamedTuple):
    at: Micros
    up_to: int


class _Arrived(NamedTuple):
    at: Micros
    up_to: int
    late_us: int


class Throughput(NamedTuple):
    """
    What arrived over a time.

    Attributes:
        bps: Bits per second.
        moves: Whether the queue grew or shrank: then this is what the link
            carries; a queue that stands still only says what was sent.

    """

    bps: float
    moves: bool


class _Least:
    """The least of the values of the last so many microseconds."""

    def __init__(self, span_us: int) -> None:
        self._span_us = span_us
        self._values: deque[tuple[Micros, int]] = deque()

    @property
    def value(self) -> int:
        return self._values[0][1] if self._values else 0

    def add(self, value: int, now: Micros) -> None:
        while self._values and self._values[-1][1] >= value:
            self._values.pop()
        self._values.append((now, value))
        while now - self._values[0][0] > self._span_us:
            self._values.popleft()


class Flow:
    """
    One connection.

    Attributes:
        queue_bytes: Sent and not arrived.
        late_us: How much older than a round trip everything is that travels.
        is_lossy: Whether packets were lost, or overtaken, in the last seconds.

    """

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._arrivals: deque[_Arrived] = deque()
        self._measurable_from = Micros(0)
        self._ages: deque[int] = deque(maxlen=_AGES)
        self._round_trip = _Least(_ROUND_TRIP_US)
        self._prompt = _Least(_LATELY_US)  # of lateness, negative: its most
        self._rtt_us = 0
        self._lost_at: Micros | None = None
        self.queue_bytes = 0
        self.late_us = 0
        self.is_lossy = False

    @property
    def round_trip_us(self) -> int:
        """The least smoothed round trip of the last minute."""
        return self._round_trip.value

    @property
    def most_late_us(self) -> int:
        """The most that was observed of :attr:`late_us` lately."""
        return -self._prompt.value

    @property
    def is_held_back(self) -> bool:
        """
        Whether TCP itself is slow, after losses, and not the path.

        Then what is late waits here: round trips are hardly longer.
        """
        return (self._rtt_us - self.round_trip_us) * 2 < self.late_us

    def add(self, reading: Reading, now: Micros) -> None:
        """Take a reading made before a unit is sent."""
        sent = reading.acked_bytes + reading.backlog_bytes
        arrived = reading.acked_bytes + reading.passed_bytes
        self.queue_bytes = sent - arrived
        if reading.passed_bytes:
            self._lost_at = now
        self.is_lossy = self._lost_at is not None and now - self._lost_at < _LOSSY_US
        self._sent.append(_Sent(now, sent))
        while len(self._sent) > 1 and self._sent[1].up_to <= arrived:
            self._sent.popleft()
        self._ages.append(now - self._sent[0].at if sent > arrived else 0)
        self._rtt_us = reading.rtt_us
        if reading.rtt_us:  # 0 before the first acknowledgement
            self._round_trip.add(reading.rtt_us, now)
        self.late_us = min(self._ages) - self.round_trip_us
        self._note_arrival(arrived, now)
        self._prompt.add(-self.late_us, now)

    def throughput(self, since: Micros) -> Throughput | None:
        """
        Return what arrived, in the last half second at most.

        None when too little is known.  A silence is no rate: what came before
        one, and while TCP recovers from it, does not count.
        """
        since = max(since, self._measurable_from)
        arrivals = [arrived for arrived in self._arrivals if arrived.at >= since]
        if len(arrivals) < _LEAST_ARRIVALS:
            return None
        first, last = arrivals[0], arrivals[-1]
        span_us = last.at - first.at
        if span_us < _LEAST_US:
            return None
        bps = max(1.0, (last.up_to - first.up_to) * 8_000_000 / span_us)
        later_us = abs(last.late_us - first.late_us)
        return Throughput(bps, later_us > _MOVES * span_us + _MOVES_US)

    def drain_ms(self, bits_per_s: float) -> float:
        """Return how long the queue takes to arrive, beyond a round trip."""
        total_ms = self.queue_bytes * 8_000 / bits_per_s
        return max(0.0, total_ms - self.round_trip_us / 1000)

    def forget_round_trip(self) -> None:
        """Begin with the next reading: what was the least is no longer possible."""
        self._round_trip = _Least(_ROUND_TRIP_US)
        self._ages.clear()

    def _note_arrival(self, up_to: int, now: Micros) -> None:
        last = self._arrivals[-1] if self._arrivals else None
        if last is None or up_to > last.up_to:
            if last is not None and now - last.at > _SILENCE_US:
                self._measurable_from = Micros(now + _AFTER_SILENCE_US)
            self._arrivals.append(_Arrived(now, up_to, self.late_us))
        while len(self._arrivals) > 1 and now - self._arrivals[0].at > _ARRIVALS_US:
            self._arrivals.popleft()
