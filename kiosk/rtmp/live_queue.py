"""
The one rule by which old media is thrown away.

A live call prefers no picture to an old one.  When the oldest video unit
waits longer than the limit, or the units take too many bytes, everything up
to the next IDR goes, and if there is none an IDR is wanted.  Audio has a lane
of its own: it is never behind video, and loses its oldest above its own
limit.  Used by the sender of a kiosk and by every subscriber of the relay.

No thread and no clock: the caller brings the lock and the time.  The unit of
time is the caller's too, as long as limits and ``now`` agree.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar


T = TypeVar("T")


class Kind(enum.Enum):
    """What a unit means to those behind it."""

    VIDEO_CONFIG = "video config"
    IDR = "idr"
    INTER = "inter"
    AUDIO_CONFIG = "audio config"
    AUDIO = "audio"


_CONFIGS: Final = (Kind.VIDEO_CONFIG, Kind.AUDIO_CONFIG)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """
    How long units may wait (in the caller's unit of time), and how large.

    The newest config of each lane survives every drop.
    """

    video_age: int
    audio_age: int
    size_bytes: int


@dataclass(slots=True)
class Drops:
    """How many units were thrown away, by reason."""

    video_old: int = 0
    video_oversize: int = 0
    video_without_idr: int = 0
    video_moved: int = 0
    audio_old: int = 0
    audio_oversize: int = 0
    audio_moved: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.video + self.audio

    @property
    def video(self) -> int:
        """All video units."""
        refused = self.video_without_idr + self.video_moved
        return self.video_old + self.video_oversize + refused

    @property
    def audio(self) -> int:
        """All audio units."""
        return self.audio_old + self.audio_oversize + self.audio_moved


class _Entry(NamedTuple, Generic[T]):
    since: int
    kind: Kind
    size: int
    unit: T


class _Lane(Generic[T]):
    """Units of one medium in order, before them a config that outlived a drop."""

    __slots__ = ("config", "units")

    def __init__(self) -> None:
        self.config: _Entry[T] | None = None
        self.units: deque[_Entry[T]] = deque()

    def __len__(self) -> int:
        return len(self.units) + (self.config is not None)

    @property
    def media(self) -> int:
        return sum(entry.kind not in _CONFIGS for entry in self.units)

    def take(self) -> _Entry[T]:
        if self.config is None:
            return self.units.popleft()
        entry, self.config = self.config, None
        return entry

    def drop(self) -> tuple[int, bool]:
        """Drop the oldest unit; return freed bytes, and whether it was media."""
        entry = self.units.popleft()
        if entry.kind not in _CONFIGS:
            return entry.size, True
        freed = self.config.size if self.config is not None else 0
        self.config = entry
        return freed, False

    def age(self, now: int) -> int:
        return now - self.units[0].since if self.units else 0


class LiveQueue(Generic[T]):
    """
    A queue that forgets.

    Attributes:
        size_bytes: Of all units inside.
        drops: Counted since the beginning.
        waits_for_idr: Inter units are refused until an IDR comes.

    """

    def __init__(self, limits: QueueLimits) -> None:
        self._limits = limits
        self._video: _Lane[T] = _Lane()
        self._audio: _Lane[T] = _Lane()
        self._idr_wanted = False
        self.size_bytes = 0
        self.drops = Drops()
        self.waits_for_idr = True

    def __len__(self) -> int:
        return len(self._video) + len(self._audio)

    def put(self, now: int, kind: Kind, size: int, unit: T) -> None:
        """Add a unit; what is too old or too much goes."""
        lane = self._video
        if kind is Kind.AUDIO or kind is Kind.AUDIO_CONFIG:
            lane = self._audio
        elif kind is Kind.IDR:
            self.waits_for_idr = self._idr_wanted = False
        elif kind is Kind.INTER and self.waits_for_idr:
            self.drops.video_without_idr += 1
            return
        lane.units.append(_Entry(now, kind, size, unit))
        self.size_bytes += size
        self._forget(now)

    def get(self, now: int, hold_video: int = 0) -> T | None:
        """
        Return the next unit to send, audio first, None if there is none.

        Args:
            now: The present.
            hold_video: Video younger than this is kept back: audio that comes
                meanwhile overtakes it.

        """
        self._forget(now)
        lane = self._audio
        if not lane and self._video.age(now) >= hold_video:
            lane = self._video
        if not lane:
            return None
        entry = lane.take()
        self.size_bytes -= entry.size
        return entry.unit

    def take_idr_wanted(self) -> bool:
        """Say once, after a drop, that nothing goes on without a new IDR."""
        wanted, self._idr_wanted = self._idr_wanted, False
        return wanted

    @property
    def video_bytes(self) -> int:
        """Of the video inside."""
        return sum(entry.size for entry in self._video.units)

    def video_age(self, now: int) -> int:
        """Return how long the oldest video unit waits."""
        return self._video.age(now)

    def audio_age(self, now: int) -> int:
        """Return how long the oldest audio unit waits."""
        return self._audio.age(now)

    def restart(self) -> None:
        """Forget everything: what comes next belongs to another stream."""
        self.drops.video_moved += self._video.media
        self.drops.audio_moved += self._audio.media
        self._video = _Lane()
        self._audio = _Lane()
        self.size_bytes = 0
        self.waits_for_idr = True
        self._idr_wanted = False

    def _forget(self, now: int) -> None:
        limits, drops = self._limits, self.drops
        while self._audio.age(now) > limits.audio_age:
            drops.audio_old += self._drop_audio()
        while self._video.age(now) > limits.video_age:
            drops.video_old += self._drop_to_idr()
        if self.size_bytes <= limits.size_bytes:
            return
        while self._video.units and self.size_bytes > limits.size_bytes:
            drops.video_oversize += self._drop_to_idr()
        while self._audio.units and self.size_bytes > limits.size_bytes:
            drops.audio_oversize += self._drop_audio()

    def _drop_audio(self) -> int:
        freed, was_media = self._audio.drop()
        self.size_bytes -= freed
        return was_media

    def _drop_to_idr(self) -> int:
        """Drop up to the next IDR, or everything; return how many units."""
        units = self._video.units
        dropped = 0
        while units:
            if dropped and units[0].kind is Kind.IDR:
                return dropped
            freed, was_media = self._video.drop()
            self.size_bytes -= freed
            dropped += was_media
        if dropped:
            self.waits_for_idr = True
            self._idr_wanted = True
        return dropped
