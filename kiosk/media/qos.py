"""
How many bits and pictures the network can take: rate control of our stream.

Pure: it is told what the kernel knows of the connection before each picture,
and answers what the encoder should aim at.  Sound is never touched.

The signal is SIOCOUTQ, bytes sent and not acknowledged, as time: how many
milliseconds of media wait in the network.  (Unsent bytes alone react seconds
too late, since a whole congestion window hides in the bottleneck's queue.)

1. All of four pictures find more than srtt + 150 ms waiting: cut to 75 %, or
   to 85 % of what was really acknowledged; at most twice a second.
2. A picture finds more than srtt + 400 ms: encode few pictures until that is
   over (skipping *before* the encoder breaks no reference).
3. A whole wait (1.5 s, doubled after a raise that failed) stayed below
   srtt + 40 ms: raise by 8 %, by 15 % while far below the last good rate.
4. Below 250 kbit/s: at most 15 pictures a second, so that each is readable.

The windows are minima: the burst of an IDR does not count as congestion.
Source: the rate-control probes of the design (controller ``pyctl3``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kiosk.ports import Bitrate, Micros


FLOOR = Bitrate(150_000)
"""Below this an IDR alone is a backlog; what does not fit is skipped."""

_RTT_CAP_MS = 80.0
_CUT_MS = 150.0
_SKIP_MS = 400.0
_FREE_MS = 40.0
_SHORT = 4  # pictures
_WINDOW_US = 1_000_000
_ACKED_US = 500_000
_BETWEEN_CUTS_US = 500_000
_FIRST_WAIT_US = 1_500_000
_LONGEST_WAIT_US = 15_000_000
_FAILED_WITHIN_US = 3_000_000
_READABLE = Bitrate(250_000)
_READABLE_RATE = 15.0
_SKIPPING_RATE = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What the kernel says about a connection.

    Attributes:
        backlog_bytes: Sent and not acknowledged (SIOCOUTQ).
        rtt_us: Smoothed round trip time (TCP_INFO).
        acked_bytes: Acknowledged since the connection began (TCP_INFO).

    """

    backlog_bytes: int
    rtt_us: int
    acked_bytes: int


@dataclass(frozen=True, slots=True)
class Steering:
    """What the encoder should aim at."""

    bitrate: Bitrate
    pictures_per_second: float


@dataclass(frozen=True, slots=True)
class _Sample:
    at: Micros
    queued_ms: float
    acked_bytes: int


class RateController:
    """Steers one camera by the readings of one connection at a time."""

    def __init__(
        self,
        *,
        start: Bitrate,
        ceiling: Bitrate,
        floor: Bitrate = FLOOR,
        pictures_per_second: float = 30.0,
    ) -> None:
        self._ceiling = ceiling
        self._floor = min(floor, ceiling)
        self._full_rate = pictures_per_second
        self._bitrate = min(start, ceiling)
        self._last_good = self._bitrate
        self._samples: deque[_Sample] = deque()
        self._wait_us = _FIRST_WAIT_US
        self._quiet_since: Micros | None = None
        self._last_cut: Micros | None = None
        self._last_raise: Micros | None = None
        self._is_skipping = False
        self.backlog_ms = 0.0

    @property
    def steering(self) -> Steering:
        """What was decided last."""
        rate = self._full_rate
        if self._is_skipping:
            rate = min(rate, _SKIPPING_RATE)
        elif self._bitrate < _READABLE:
            rate = min(rate, _READABLE_RATE)
        return Steering(self._bitrate, rate)

    def reconnected(self) -> None:
        """Forget what was observed of the old connection, keep the rate."""
        self._samples.clear()
        self._quiet_since = None
        self._is_skipping = False
        self.backlog_ms = 0.0

    def observe(self, reading: Reading, now: Micros) -> Steering:
        """Take the reading before a picture and decide."""
        rtt_ms = min(reading.rtt_us / 1000, _RTT_CAP_MS)
        queued_ms = reading.backlog_bytes * 8000 / self._bitrate
        self.backlog_ms = queued_ms
        self._samples.append(_Sample(now, queued_ms, reading.acked_bytes))
        while now - self._samples[0].at > _WINDOW_US:
            self._samples.popleft()
        if self._quiet_since is None:
            self._quiet_since = now
        self._is_skipping = queued_ms > rtt_ms + _SKIP_MS
        if self._is_congested(rtt_ms, now):
            self._cut(now)
        elif self._may_raise(rtt_ms, now):
            self._raise(now)
        return self.steering

    def _is_congested(self, rtt_ms: float, now: Micros) -> bool:
        if len(self._samples) < _SHORT:
            return False
        if self._last_cut is not None and now - self._last_cut <= _BETWEEN_CUTS_US:
            return False
        newest = list(self._samples)[-_SHORT:]
        return min(sample.queued_ms for sample in newest) > rtt_ms + _CUT_MS

    def _cut(self, now: Micros) -> None:
        if self._last_cut is None or self._bitrate >= self._last_good:
            self._last_good = self._bitrate
        wanted = min(self._bitrate * 0.75, self._acked_bps(now) * 0.85)
        self._bitrate = Bitrate(max(self._floor, int(wanted)))
        failed = (
            self._last_raise is not None and now - self._last_raise < _FAILED_WITHIN_US
        )
        self._wait_us = (
            min(_LONGEST_WAIT_US, self._wait_us * 2) if failed else _FIRST_WAIT_US
        )
        self._last_cut = now
        self._quiet_since = now

    def _may_raise(self, rtt_ms: float, now: Micros) -> bool:
        if self._bitrate >= self._ceiling or self._quiet_since is None:
            return False
        if min(sample.queued_ms for sample in self._samples) >= rtt_ms + _FREE_MS:
            return False
        return now - self._quiet_since > self._wait_us

    def _raise(self, now: Micros) -> None:
        step = 1.15 if self._bitrate < self._last_good / 2 else 1.08
        raised = int(self._bitrate * step) + 8_000
        self._bitrate = Bitrate(min(self._ceiling, raised))
        self._last_raise = now
        self._quiet_since = now

    def _acked_bps(self, now: Micros) -> float:
        """Return what was acknowledged per second over the last half second."""
        recent = [s for s in self._samples if now - s.at <= _ACKED_US]
        first, last = recent[0], recent[-1]
        seconds = max(0.05, (last.at - first.at) / 1_000_000)
        return max(100_000.0, (last.acked_bytes - first.acked_bytes) * 8 / seconds)
