"""
A camera, rate control and a network in virtual time: minutes in milliseconds.

The order of things is that of the sender: before a unit is written the
controller reads the connection and steers the camera.  What comes out is when
each picture was taken and when the last of its bytes was there.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.codec.pacing import RateLimit
from kiosk.media.flow import Reading
from kiosk.media.qos import RateController
from kiosk.ports import BRAKE_BELOW, Bitrate, Micros
from kiosk.rtmp.connection import SHORT_CHUNK_BYTES
from tests.lab.path import Conditions, Path
from tests.lab.virtual_tcp import MSS, VirtualTcp


PICTURE_S = 1 / 30
SOUND_S = 1024 / 48_000
SOUND_BYTES = 142  # 48 kbit/s of AAC with what RTMP and FLV add
SOUND_BITRATE = Bitrate(54_000)
_RTMP_BYTES = 17
_TICK_S = 0.01  # how often the sender looks when it holds a picture
_HOLD_S = 0.12


class VirtualCamera(Protocol):
    """What rate control sees of a camera, and its pictures as sizes."""

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate."""
        ...

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Encode at most so many pictures."""
        ...

    def offer(self, at: Micros) -> int:
        """Take a picture; return its size in bytes, 0 if it was skipped."""
        ...


class ModelCamera:
    """
    Picture sizes as x264 makes them, without x264.

    An IDR is three to five pictures; a new bit rate is followed within half a
    second; sizes scatter by a fifth.
    """

    def __init__(self, bitrate: int, *, gop_s: float = 10.0, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._aim = self._bitrate = float(bitrate)
        self._rate = 30.0
        self._limit = RateLimit(30.0)
        self._gop_us = gop_s * 1_000_000
        self._idr_at: Micros | None = None

    def set_bitrate(self, bitrate: Bitrate) -> None:
        self._aim = bitrate

    def set_picture_rate(self, pictures_per_second: float) -> None:
        if pictures_per_second >= BRAKE_BELOW:
            self._rate = pictures_per_second
        self._limit.change(pictures_per_second)

    def offer(self, at: Micros) -> int:
        if not self._limit.allows(at):
            return 0
        self._bitrate += (self._aim - self._bitrate) / 5
        size = self._bitrate / 8 / self._rate * self._random.uniform(0.8, 1.2)
        if self._idr_at is None or at - self._idr_at >= self._gop_us:
            self._idr_at = at
            size = max(3 * size, 6_000.0)
        return round(size)


@dataclass(frozen=True, slots=True)
class Change:
    """Conditions of the way up from a moment on."""

    at: float
    up: dict[str, float]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture: when it was taken, and when it was there."""

    taken: float
    there: float

    @property
    def age_ms(self) -> float:
        return (self.there - self.taken) * 1000


@dataclass(frozen=True, slots=True)
class Moment:
    """What was so at one look of the controller."""

    at: float
    bitrate: int
    pictures_per_second: float
    backlog_ms: float
    arrived_bytes: int


class VirtualCall:
    """
    Runs a call.

    Attributes:
        pictures: That arrived.
        sounds_ms: How long each block of sound took.
        moments: A history, one entry a unit.

    """

    def __init__(
        self,
        controller: RateController,
        camera: VirtualCamera,
        conditions: Conditions,
        changes: Sequence[Change] = (),
        *,
        seed: int = 1,
        has_control: bool = True,
    ) -> None:
        self._controller = controller
        self._camera = camera
        self._changes = deque(changes)
        self._up = Path(conditions, seed)
        self._down = Path(
            Conditions(
                delay_ms=conditions.delay_ms, loss_percent=conditions.loss_percent
            ),
            seed + 1,
        )
        self._has_control = has_control
        self._tcp = VirtualTcp(self._up, self._down, self._delivered)
        self._under_way: deque[tuple[int, float, bool]] = deque()
        self._sounds: deque[tuple[float, int]] = deque()
        self._pictures: deque[tuple[float, int]] = deque()
        self._rest: tuple[float, int] | None = None
        self._written = 0
        self.pictures: list[Shown] = []
        self.sounds_ms: list[tuple[float, float]] = []
        self.moments: list[Moment] = []
        self.taken = 0

    def run(self, seconds: float) -> None:
        """Let so many seconds pass from the beginning."""
        now, last, picture_at, sound_at = 0.0, 0.0, 0.0, 0.005
        while now < seconds:
            change_at = self._changes[0].at if self._changes else seconds
            event = self._tcp.next_event()
            now = min(picture_at, sound_at, change_at, seconds)
            if self._pictures or self._rest:
                now = min(now, last + _TICK_S)
            if event is not None:
                now = max(0.0, min(now, event))
            last = now
            self._tcp.advance(now)
            self._write_waiting(now)
            if now >= change_at and self._changes:
                self._up.change(now, **self._changes.popleft().up)
            if now >= picture_at:
                self._take_picture(now)
                picture_at += PICTURE_S
            if now >= sound_at:
                self._unit(now, SOUND_BYTES, is_picture=False)
                sound_at += SOUND_S

    # -- results -------------------------------------------------------------------

    def ages_ms(self, begin: float, end: float) -> list[float]:
        """Return how old the pictures were that were taken in that time."""
        return [p.age_ms for p in self.pictures if begin <= p.taken < end]

    def used_percent(self, begin: float, end: float, rate_kbps: float) -> float:
        """Return which share of a link was used, headers included."""
        bits = (self._arrived_at(end) - self._arrived_at(begin)) * 8
        return bits / (rate_kbps * 10 * (end - begin))

    def bitrate_at(self, at: float) -> int:
        """Return what the encoder aimed at at that moment."""
        return next(m.bitrate for m in reversed(self.moments) if m.at <= at)

    def _arrived_at(self, at: float) -> int:
        return next(m.arrived_bytes for m in reversed(self.moments) if m.at <= at)

    # -- inside ----------------------------------------------------------------------

    def _take_picture(self, now: float) -> None:
        size = self._camera.offer(Micros(round(now * 1_000_000)))
        if size:
            self.taken += 1
            self._unit(now, size, is_picture=True)

    def _unit(self, now: float, size: int, *, is_picture: bool) -> None:
        waiting = self._pictures if is_picture else self._sounds
        waiting.append((now, size + _RTMP_BYTES * is_picture))
        self._write_waiting(now)

    def _write_waiting(self, now: float) -> None:
        """Write what the sender would: sound first, pictures when TCP sends."""
        if self._rest:
            self._observe(now)
            self._write_rest(now)
        while lane := self._next_lane(now):
            taken, size = lane.popleft()
            self._observe(now)
            if lane is self._pictures:
                self._rest = (taken, size)
            else:
                self._write(size, now)
                self._under_way.append((self._written, taken, False))
            self._write_rest(now)

    def _write_rest(self, now: float) -> None:
        """Write of a picture, chunk by chunk, what would hold up no sound."""
        while self._rest and self._is_free(now):
            taken, size = self._rest
            piece = min(size, SHORT_CHUNK_BYTES)
            self._rest = (taken, size - piece) if size > piece else None
            self._write(piece, now)
            if self._rest is None:
                self._under_way.append((self._written, taken, True))

    def _write(self, size: int, now: float) -> None:
        self._written += size
        self._tcp.write(size, now)

    def _is_free(self, now: float) -> bool:
        tcp, most = self._tcp, self._controller.most_under_way
        if SHORT_CHUNK_BYTES > tcp.room_bytes:
            return False
        if tcp.unsent_bytes <= MSS and tcp.backlog_bytes <= most:
            return True
        waits_s = now - self._pictures[0][0] if self._pictures else 0.0
        return waits_s > _HOLD_S or not self._has_control

    def _next_lane(self, now: float) -> deque[tuple[float, int]] | None:
        lane = self._sounds
        if not lane and self._pictures and not self._rest:
            is_held = self._tcp.unsent_bytes > MSS and self._has_control
            if not is_held or now - self._pictures[0][0] > _HOLD_S:
                lane = self._pictures
        return lane if lane and lane[0][1] <= self._tcp.room_bytes else None

    def _observe(self, now: float) -> None:
        tcp = self._tcp
        waiting = sum(size for _, size in self._pictures)
        waiting += self._rest[1] if self._rest else 0
        reading = Reading(
            backlog_bytes=tcp.backlog_bytes + waiting,
            passed_bytes=tcp.passed_bytes,
            unsent_bytes=tcp.unsent_bytes,
            rtt_us=round(tcp.rtt_s * 1_000_000),
            acked_bytes=tcp.acked_bytes,
        )
        steering = self._controller.observe(reading, Micros(round(now * 1_000_000)))
        self.moments.append(
            Moment(
                now,
                steering.bitrate,
                steering.pictures_per_second,
                self._controller.backlog_ms,
                self._up.counts.arrived_bytes,
            )
        )
        if self._has_control:
            self._camera.set_bitrate(steering.bitrate)
            self._camera.set_picture_rate(steering.pictures_per_second)

    def _delivered(self, up_to: int, now: float) -> None:
        while self._under_way and self._under_way[0][0] <= up_to:
            _, taken, is_picture = self._under_way.popleft()
            if is_picture:
                self.pictures.append(Shown(taken, now))
            else:
                self.sounds_ms.append((taken, (now - taken) * 1000))
