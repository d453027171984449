"""
How long received sound waits before it is played: the playout delay.

Packets arrive unevenly and are played evenly.  The buffer decides, once per
period, at which speed to play, when to conceal, and when to throw a backlog
away, so that the delay stays as short as the network allows.  It is pure: it
owns packets and rules, no sound and no clock.

The rules (measured in the design's playout simulation):

1. Playing starts when the level reaches the target: 60 ms at first, between
   40 and 160 ms later.  It rises at once to what :mod:`kiosk.media.lateness`
   asks for, and falls 10 ms every 5 s.  Where 160 ms would leave gaps all the time
   it goes on to what is bearable, up to 550 ms.
2. *Spare* is the lowest level of the last second: what was never needed.  More
   of it than the target is given back by playing faster; a join backlog is
   cut, not played fast.
   *Reserve* is what the level falls to when the next packet is in time: what
   it lacks of that need is made up for by playing slower; 70 ms more than the
   target are given back even if late packets use them up again and again.
3. The speed stays within 0.5 % where speech must show no change; 2 and 4 % are
   for giving back, within a few seconds, what a stall added to the delay, and
   as much slower for building up a reserve whose lack was just shown.
   Half as fast again costs nothing while the peer pauses, nor does half as
   fast while the level is low: who plays knows that, and chooses.
4. What comes out is in order and never older than :data:`LIMIT_US`.

The design raises the target 20 ms for every underrun and lowers it 10 ms every
5 s.  With a stall of 120 ms every 15 s it had always sunk too low: 0.43 % of
the time without sound, here 0.1 %.

The design plays 0.2 % faster for a small excess, 1 % for more than 30 ms and
4 % for more than 120 ms.  So a stall of 200 ms was given back after 13 s, one
of 140 ms after 10 s; here after 5 s and 3 s of uninterrupted speech, and 0.5 %
(9 cents) is still inaudible.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from kiosk.media.lateness import Lateness
from kiosk.media.recent_least import RecentLeast
from kiosk.ports import Micros


LIMIT_US = 1_000_000
"""No packet is played when so much newer sound has already arrived."""

_WINDOW_US = 1_000_000
_KNOWN_US = 200_000  # no decision about speed before so much was observed
_CUT_ABOVE_US = 250_000
_KEEP_ABOVE_TARGET_US = 20_000
_DIPS_US, _HARDLY_US = 70_000, 10_000
_LITTLE_US, _SLIGHT_US, _MUCH_US = 5_000, 15_000, 40_000
_LOSSY_US = 120_000
_LOW, _VERY_LOW = 0.6, 0.4  # of the target
_QUIET_FAST, _QUIET_SLOW = 1.5, 0.5
_LOWERED_EVERY_US = 5_000_000
_LOWERED_BY_US = 10_000
_NEEDED_ABOVE_US = 12_000  # the period being played, and a little
_EVENT_US = 500_000  # underruns closer together are one event
_RESTART_US = 500_000  # silence after which buffering starts afresh
_JUMP_US = 150_000  # a step back by more is a new timeline, not a late packet


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """
    One coded block of sound.

    Attributes:
        pts_us: On the sender's timeline (unwrapped RTMP time).
        duration_us: How long it sounds.
        config: What its decoder is opened with (AudioSpecificConfig).

    """

    pts_us: int
    payload: bytes
    duration_us: int
    config: bytes = b""


@dataclass(frozen=True, slots=True)
class DelayBounds:
    """
    Where the playout delay may move, in microseconds.

    Attributes:
        most_us: For the sake of promptness.
        lossy_us: Where so much would leave more gaps than one bears: a path that
            loses 3 % in 100 ms is one (``tests/bench/matrix.py``: 4 % of the sound
            missing with 160 ms; recorded arrivals of four such paths played again:
            1.2 % with 500, 0.7 % with 550 and stalls counted, while pictures may
            be 0.8 s old).

    """

    start_us: int = 60_000
    least_us: int = 40_000
    most_us: int = 160_000
    lossy_us: int = 550_000


@dataclass(slots=True)
class SoundCounts:
    """
    What became of a peer's sound before it could be played.

    Attributes:
        late_packets: Dropped, as a newer one had come before them.
        cut_us: Thrown away, as too much waited: when playing began or after a
            stall.
        underruns: How often it ran out; closer together than half a second is
            once.

    """

    late_packets: int = 0
    cut_us: int = 0
    underruns: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to do for one period.

    Attributes:
        is_playing: False: nothing is due, conceal.
        speed: Samples consumed for one sample played.
        quiet_speed: The same where what is consumed is as good as silence.
        is_cut: Packets were thrown away: forget decoded sound and cross-fade.

    """

    is_playing: bool
    speed: float = 1.0
    quiet_speed: float = 1.0
    is_cut: bool = False


_CONCEAL = Order(is_playing=False)


class JitterBuffer:
    """
    Packets of one stream between its receiver and the playout.

    Not thread-safe: the owner holds a lock around each call.

    Args:
        bounds: Where the playout delay may move.
        counts: Of the peer, over all the streams it has.

    """

    def __init__(
        self, bounds: DelayBounds | None = None, counts: SoundCounts | None = None
    ) -> None:
        self._bounds = bounds or DelayBounds()
        self.counts = counts or SoundCounts()
        self._packets: deque[AudioPacket] = deque()
        self._buffered_us = 0
        self._newest_pts_us: int | None = None
        self._next_pts_us = 0
        self._is_playing = False
        self._waiting_since: Micros | None = None
        self._starved_since: Micros | None = None
        self._lowered_at = Micros(0)
        self._last_event: Micros | None = None
        self._levels = RecentLeast(_WINDOW_US)
        self._lateness = Lateness()
        self.target_us = self._bounds.start_us

    @property
    def buffered_us(self) -> int:
        """How long the packets held here would sound."""
        return self._buffered_us

    @property
    def is_starving(self) -> bool:
        """Whether sound ran out a moment ago and may come back."""
        return self._starved_since is not None

    def put(self, packet: AudioPacket, now: Micros) -> None:
        """Add what arrived; a late duplicate is dropped, a backlog bounded."""
        newest = self._newest_pts_us
        if newest is not None and 0 <= newest - packet.pts_us < _JUMP_US:
            self.counts.late_packets += 1
            return
        if newest is not None and not newest < packet.pts_us < newest + _JUMP_US:
            self._lateness.restart()
        self._lateness.note(packet.pts_us, now)
        self._next_pts_us = packet.pts_us + packet.duration_us
        self._newest_pts_us = packet.pts_us
        if not self._is_playing and self._waiting_since is None:
            self._waiting_since = now
        self._packets.append(packet)
        self._buffered_us += packet.duration_us
        self._shorten_to(LIMIT_US)

    def restart(self) -> None:
        """Forget the timeline: another connection delivers from now on."""
        self._packets.clear()
        self._buffered_us = 0
        self._newest_pts_us = None
        self._lateness.restart()
        self._is_playing = False
        self._waiting_since = None
        self._starved_since = None

    def take(self) -> AudioPacket | None:
        """Return the next packet to decode, oldest first."""
        if not self._packets:
            return None
        packet = self._packets.popleft()
        self._buffered_us -= packet.duration_us
        return packet

    def order(self, period_us: int, decoded_us: int, now: Micros) -> Order:
        """
        Decide about the next period.

        Args:
            period_us: How long the period sounds.
            decoded_us: Sound already decoded and not yet played.
            now: The present.

        """
        level = self._buffered_us + decoded_us
        if not self._is_playing and not self._begin(level, now):
            return _CONCEAL
        if level < period_us:
            self.ran_dry(now)
            return _CONCEAL
        self._starved_since = None
        self._observe(level, now)
        return self._choose(level, now)

    def ran_dry(self, now: Micros) -> None:
        """Note that there was not enough for a period."""
        if self._starved_since is None:
            self._starved_since = now
            self._note_underrun(now)
        if now - self._starved_since >= _RESTART_US:
            self._is_playing = False
            self._starved_since = None
            self._waiting_since = None

    def _begin(self, level: int, now: Micros) -> bool:
        since = self._waiting_since
        if since is None:
            return False
        waited = now - since
        if level < self.target_us and waited < self.target_us:
            return False
        self._shorten_to(self.target_us + _KEEP_ABOVE_TARGET_US)
        self._is_playing = True
        self._waiting_since = None
        self._lowered_at = now
        self._levels.clear()
        return True

    def _note_underrun(self, now: Micros) -> None:
        self._levels.clear()
        if self._last_event is None or now - self._last_event > _EVENT_US:
            self.counts.underruns += 1
        self._last_event = now

    def _observe(self, level: int, now: Micros) -> None:
        self._levels.note(level, now)
        bounds = self._bounds
        wanted = self._needed_us
        if wanted < self.target_us:
            if now - self._lowered_at < _LOWERED_EVERY_US:
                return
            wanted = max(wanted, self.target_us - _LOWERED_BY_US)
        self._lowered_at = now
        self.target_us = max(bounds.least_us, wanted)

    @property
    def _needed_us(self) -> int:
        """The reserve that packets as late as those before ask for."""
        bounds, lateness = self._bounds, self._lateness
        needed_us = lateness.needed_us + _NEEDED_ABOVE_US
        bearable_us = lateness.bearable_us + _NEEDED_ABOVE_US
        most_us = max(bounds.most_us, min(bearable_us, bounds.lossy_us))
        return min(max(needed_us, bearable_us, bounds.least_us // 2), most_us)

    def _choose(self, level: int, now: Micros) -> Order:
        target = self.target_us
        if self._levels.known_us(now) < _KNOWN_US:
            return Order(is_playing=True)
        spare = self._levels.least
        if spare > target + _CUT_ABOVE_US:
            self._shorten_to(target + _KEEP_ABOVE_TARGET_US)
            self._levels.clear()
            return Order(is_playing=True, is_cut=True)
        reserve = level - (self._next_pts_us + self._lateness.quickest_us - now)
        lasting = reserve - _DIPS_US if spare > _HARDLY_US else 0
        excess = max(spare, lasting) - target
        return _order(excess, self._needed_us - reserve, level / target)

    def _shorten_to(self, longest_us: int) -> None:
        while self._buffered_us > longest_us and len(self._packets) > 1:
            self.counts.cut_us += self._packets[0].duration_us
            self.take()


def _order(excess_us: int, lack_us: int, filled: float) -> Order:
    """
    Return the order that gives back and makes up for (rule 3).

    Args:
        excess_us: Of what was never needed, above the target.
        lack_us: Of the reserve that is needed; negative if there is enough.
        filled: The level now, the target being one.

    """
    speed = quiet = 1.0
    if excess_us > _SLIGHT_US:
        speed, quiet = 1.04 if excess_us > _MUCH_US else 1.02, _QUIET_FAST
    elif excess_us > _LITTLE_US:
        speed = quiet = 1.005
    elif lack_us > _SLIGHT_US or filled < _LOW:
        is_urgent = lack_us > _MUCH_US or filled < _VERY_LOW
        slow = 0.96 if lack_us > _LOSSY_US else 0.98
        speed, quiet = slow if is_urgent else 0.995, _QUIET_SLOW
    elif lack_us > _LITTLE_US:
        speed = quiet = 0.995
    return Order(is_playing=True, speed=speed, quiet_speed=quiet)
