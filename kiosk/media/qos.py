"""
How many bits and pictures the network can take: rate control of our stream.

Pure: it is told what the kernel knows of the connection before each unit, and
answers what the encoder should aim at.  Sound is never touched: it has its
share, and pictures live on the rest.  It knows of a camera what the port says,
so a hardware encoder is steered like libx264.

1. Everything under way is late: the bottleneck is busy, and what arrives is
   what it can carry, *measured*.  Pictures get that without the share of
   sound, less a margin.
2. A backlog that takes too long to drain: no picture is encoded until it has
   (skipping *before* the encoder breaks no reference).  That is the brake.
3. Nothing was late for a while: raise.  In small steps up to what was carried
   last while lateness shows that the link is nearly full; otherwise in growing
   ones, since the link has evidently changed, or no limit was ever met.
4. With few bits also few pictures, so that each is readable.
5. Late although we gave way, and still late after a moment without pictures:
   the queue is not ours (a longer route, somebody else's traffic).  That is
   the round trip from then on; giving way for ever helps nobody.
6. Packets get lost: TCP is slow for a moment and then fast again, so a rate
   measured over half a second says little.  The bit rate follows slowly, by
   how much of the time the brake was needed.
7. Sound waits behind all that is on its way.  Where the link's limit was met lately no
   more of a picture is given to it than goes in a tenth of a second (350 kbit/s: a gap
   of 0.2 s in the sound in most runs of 20 s before, in none of nine since).

The numbers were found in virtual time (``tests/lab/virtual_call.py``) with
x264 itself, and proved in the network lab (``tests/bench/network.py``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from kiosk.media.flow import Flow, Reading, Throughput
from kiosk.ports import Bitrate, Micros


FLOOR = Bitrate(40_000)
"""Below this a picture of ours is not to be recognised; the rest is skipped."""

_LATE_US = 40_000  # as long as a receiver may hold an acknowledgement back
_CLEAR_US = 20_000

_MARGIN = 0.96
_HELD_BACK = 0.88
_BETWEEN_CUTS_US = 200_000

_BACKLOG_MS = 80.0
_STANDING_MS = 45.0  # at our own rate, in three readings: not yet measured
_STANDING = 3
_FEAR_MS = 400.0  # so much needs no second sign
_LOSSY = 2.0  # times as patient: a retransmission ends by itself
_BRAKE_RATE = 0.1

_BRAKED_OF_US = 2_000_000
_BRAKED_MOST, _BRAKED_CALM = 0.05, 0.02

_FIRST_WAIT_US, _LONGEST_WAIT_US = 1_000_000, 2_500_000
_FAILED_US = 2_000_000
_BETWEEN_RAISES_US = 400_000
_SMALL_STEP, _FIRST_STEP, _LARGEST_STEP = 1.04, 1.08, 1.35
_STEP_GROWTH = 1.5
_KNOWN_US = 30_000_000
_BEYOND = 1.15  # of what was carried last

_UNDER_WAY_US, _UNDER_WAY = 80_000, 1.2  # beyond a round trip, of the capacity

_TRIAL_US = 500_000
_BETWEEN_TRIALS_US = 3_000_000
_LONG_BUSY_US = 1_500_000
_MANY_CUTS, _MANY_CUTS_US = 5, 3_000_000
_NOT_OURS = 0.85

_ANY = 1 << 60

_READABLE = (
    (Bitrate(50_000), 5.0),
    (Bitrate(80_000), 10.0),
    (Bitrate(120_000), 15.0),
    (Bitrate(180_000), 20.0),
)


@dataclass(frozen=True, slots=True)
class Steering:
    """What the encoder should aim at."""

    bitrate: Bitrate
    pictures_per_second: float


class _Trial(NamedTuple):
    """A moment without pictures, to see whether the queue is ours."""

    began: Micros
    late_us: int


class _Brake:
    """Whether no picture is to be encoded, and how much of the time that was so."""

    def __init__(self) -> None:
        self.is_on = False
        self.total_us = 0
        self._spans: deque[tuple[Micros, int]] = deque()
        self._since: Micros | None = None
        self._counts_from: Micros | None = None

    def note(self, now: Micros) -> None:
        """Count the time since the last note, if it was on."""
        if self._counts_from is None:
            self._counts_from = now
        if self.is_on and self._since is not None:
            self._spans.append((now, now - self._since))
            self.total_us += now - self._since
        self._since = now
        while self._spans and now - self._spans[0][0] > _BRAKED_OF_US:
            self._spans.popleft()

    def share(self) -> float:
        """Return the share of the last two seconds, since it was forgotten."""
        return sum(span for _, span in self._spans) / _BRAKED_OF_US

    def knows_enough(self, now: Micros) -> bool:
        """Whether two seconds passed since it was forgotten."""
        since = self._counts_from
        return since is not None and now - since > _BRAKED_OF_US

    def forget(self) -> None:
        """Begin to count anew: the bit rate is another one."""
        self._spans.clear()
        self._counts_from = None


class RateController:
    """
    Steers one camera by the readings of one connection at a time.

    Args:
        start: To begin with.
        ceiling: Never exceeded.
        sound: What sound takes of the link, packing included.
        pictures_per_second: Of the camera.

    Attributes:
        backlog_ms: How long what was sent takes to arrive, beyond a round trip.
        capacity: What the link carried when it was busy last; 0: never busy.
        most_under_way: How many bytes of pictures may be on their way before the
            next goes, where the link is narrow: sound would wait behind them.

    """

    def __init__(
        self,
        *,
        start: Bitrate,
        ceiling: Bitrate,
        sound: Bitrate,
        floor: Bitrate = FLOOR,
        pictures_per_second: float = 30.0,
    ) -> None:
        self._ceiling = ceiling
        self._floor = min(floor, ceiling)
        self._sound = sound
        self._full_rate = pictures_per_second
        self._bitrate = min(start, ceiling)
        self._flow = Flow()
        self._brake = _Brake()
        self._backlogs_ms: deque[float] = deque(maxlen=_STANDING)
        self._busy_since: Micros | None = None
        self._measured_bps: float | None = None
        self._capacity_at = Micros(0)
        self._quiet_since: Micros | None = None
        self._cuts: deque[Micros] = deque(maxlen=_MANY_CUTS)
        self._raised_at: Micros | None = None
        self._wait_us = _FIRST_WAIT_US
        self._step = _FIRST_STEP
        self._trial: _Trial | None = None
        self._trial_ended = Micros(0)
        self.capacity = Bitrate(0)
        self.backlog_ms = 0.0
        self.most_under_way = _ANY

    @property
    def steering(self) -> Steering:
        """What was decided last."""
        if self.is_braking:
            return Steering(self._bitrate, _BRAKE_RATE)
        for below, readable in _READABLE:
            if self._bitrate < below:
                return Steering(self._bitrate, min(readable, self._full_rate))
        return Steering(self._bitrate, self._full_rate)

    @property
    def is_braking(self) -> bool:
        """Whether no picture is to be encoded for a moment."""
        return self._brake.is_on

    @property
    def braked_ms(self) -> float:
        """For how long that was so, in all."""
        return self._brake.total_us / 1000

    @property
    def round_trip_ms(self) -> float:
        """The least smoothed round trip of the last minute."""
        return self._flow.round_trip_us / 1000

    def reconnected(self) -> None:
        """Forget what was observed of the old connection, keep the rate."""
        self._flow = Flow()
        self._backlogs_ms.clear()
        self._busy_since = self._quiet_since = self._measured_bps = None
        self._trial = None
        self._brake.is_on = False
        self._brake.forget()
        self.backlog_ms = 0.0

    def observe(self, reading: Reading, now: Micros) -> Steering:
        """Take the reading before a unit and decide."""
        self._flow.add(reading, now)
        self._note_backlog()
        is_late = self._flow.late_us > _LATE_US
        if is_late or self._quiet_since is None:
            self._quiet_since = now
        if is_late or self._standing_ms > _STANDING_MS:
            busy_since = now if self._busy_since is None else self._busy_since
            self._busy_since = busy_since
            self._measure(busy_since, now)
            self._doubt(busy_since, now)
        else:
            self._busy_since = self._measured_bps = self._trial = None
            if self._may_raise(self._quiet_since, now):
                self._raise(now)
        self._follow_losses(now)
        self._set_most_under_way(now)
        self._set_brake()
        self._brake.note(now)
        return self.steering

    # -- backlog -------------------------------------------------------------------

    @property
    def _standing_ms(self) -> float:
        return min(self._backlogs_ms)

    def _note_backlog(self) -> None:
        rate = float(self._bitrate + self._sound)
        if self._measured_bps is not None:
            rate = min(rate, self._measured_bps)
        self.backlog_ms = self._flow.drain_ms(rate)
        self._backlogs_ms.append(self.backlog_ms)

    def _set_most_under_way(self, now: Micros) -> None:
        # where packets are lost it is TCP that is slow, and knows it
        if self._flow.is_lossy or not self._knows_the_limit(now):
            self.most_under_way = _ANY
            return
        # the link may be wide again, and what was measured a moment's stall
        carried = max(self.capacity, self._bitrate + self._sound)
        span_us = self._flow.round_trip_us + _UNDER_WAY_US
        self.most_under_way = round(carried * _UNDER_WAY * span_us / 8_000_000)

    def _set_brake(self) -> None:
        patience = _LOSSY if self._flow.is_lossy else 1.0
        if self._trial is not None:
            is_on = True
        elif self._measured_bps is not None:
            is_on = self.backlog_ms > _BACKLOG_MS * patience
        elif self._busy_since is not None:
            is_on = self._brake.is_on or self._standing_ms > _STANDING_MS * patience
        else:
            is_on = self.backlog_ms > _FEAR_MS
        self._brake.is_on = is_on

    # -- down ------------------------------------------------------------------------

    def _measure(self, busy_since: Micros, now: Micros) -> None:
        found = self._flow.throughput(busy_since)
        if found is None or (self.is_braking and not found.moves):
            return
        self._measured_bps = found.bps
        self.capacity = Bitrate(round(found.bps))
        self._capacity_at = now
        self.backlog_ms = self._flow.drain_ms(found.bps)
        if not self._cuts or now - self._cuts[-1] >= _BETWEEN_CUTS_US:
            self._lower_to(self._fitting(found), now)

    def _fitting(self, found: Throughput) -> float:
        fitting = found.bps * _MARGIN - self._sound
        if not found.moves:
            return self._bitrate * _MARGIN
        if self._flow.is_held_back:
            return max(fitting, self._bitrate * _HELD_BACK)
        return fitting

    def _follow_losses(self, now: Micros) -> None:
        if self._flow.is_lossy and self._brake.knows_enough(now):
            share = self._brake.share()
            if share > _BRAKED_MOST:
                self._lower_to(self._bitrate * (1 - share), now)

    def _lower_to(self, allowed: float, now: Micros) -> None:
        if allowed >= self._bitrate:
            return
        self._bitrate = Bitrate(max(self._floor, round(allowed)))
        self._cuts.append(now)
        self._brake.forget()
        self._step = _FIRST_STEP
        raised_at, self._raised_at = self._raised_at, None
        has_failed = raised_at is not None and now - raised_at < _FAILED_US
        if has_failed and not self._flow.is_held_back:
            self._wait_us = min(_LONGEST_WAIT_US, self._wait_us * 3 // 2)
        else:
            self._wait_us = _FIRST_WAIT_US

    # -- up --------------------------------------------------------------------------

    def _may_raise(self, quiet_since: Micros, now: Micros) -> bool:
        if self._bitrate >= self._ceiling:
            return False
        if self._flow.is_lossy and self._brake.share() > _BRAKED_CALM:
            return False
        if self._raised_at is not None and self._raised_at >= quiet_since:
            return now - self._raised_at >= _BETWEEN_RAISES_US
        return now - quiet_since >= self._wait_us

    def _raise(self, now: Micros) -> None:
        step = self._step
        if self._flow.is_lossy:
            step = _FIRST_STEP
        elif self._flow.most_late_us > _CLEAR_US and self._is_near_the_limit(now):
            step = _SMALL_STEP
        else:
            self._step = min(_LARGEST_STEP, 1 + (step - 1) * _STEP_GROWTH)
        self._bitrate = Bitrate(min(self._ceiling, round(self._bitrate * step)))
        self._raised_at = now

    def _knows_the_limit(self, now: Micros) -> bool:
        return bool(self.capacity) and now - self._capacity_at <= _KNOWN_US

    def _is_near_the_limit(self, now: Micros) -> bool:
        if not self._knows_the_limit(now):
            return False
        return self._bitrate + self._sound < self.capacity * _BEYOND

    # -- whose queue it is -------------------------------------------------------------

    def _doubt(self, busy_since: Micros, now: Micros) -> None:
        """Send no picture for a moment: a queue of ours would shrink."""
        if self._trial is None:
            if self._is_doubtful(busy_since, now):
                self._trial = _Trial(now, self._flow.late_us)
        elif now - self._trial.began > _TRIAL_US + self._flow.round_trip_us:
            if self._flow.late_us > self._trial.late_us * _NOT_OURS:
                self._flow.forget_round_trip()
            self._trial = None
            self._trial_ended = now

    def _is_doubtful(self, busy_since: Micros, now: Micros) -> bool:
        if self.capacity < 2 * self._sound:  # sound alone may keep it filled
            return False
        if now - self._trial_ended < _BETWEEN_TRIALS_US:
            return False
        cuts = self._cuts
        gave_way = len(cuts) == _MANY_CUTS and now - cuts[0] < _MANY_CUTS_US
        return gave_way or now - busy_since > _LONG_BUSY_US
