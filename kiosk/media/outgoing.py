"""
The one queue between camera and microphone and a slow network.

Wraps :class:`kiosk.rtmp.live_queue.LiveQueue`, where the rule of dropping is,
in a lock and a wait.  Producers never block and never see an error.
"""

from __future__ import annotations

import threading
from typing import TypeAlias

from kiosk.codec.aac import AacUnit
from kiosk.codec.opus import OpusUnit
from kiosk.ports import AccessUnit, Clock
from kiosk.rtmp.live_queue import Drops, Kind, LiveQueue, QueueLimits


SoundUnit: TypeAlias = AacUnit | OpusUnit

VIDEO_AGE_US = 200_000
AUDIO_AGE_US = 200_000
_SIZE_BYTES = 2_000_000  # five IDRs of 720p; ages decide long before


class Outgoing:
    """Two producers, one consumer at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: LiveQueue[AccessUnit | SoundUnit] = LiveQueue(
            QueueLimits(VIDEO_AGE_US, AUDIO_AGE_US, _SIZE_BYTES)
        )
        self._changed = threading.Condition()

    @property
    def drops(self) -> Drops:
        """What was thrown away since the beginning."""
        return self._queue.drops

    def put_picture(self, unit: AccessUnit) -> None:
        """Add a picture; on the camera's thread."""
        kind = Kind.IDR if unit.is_idr else Kind.INTER
        self._put(kind, len(unit.data), unit)

    def put_sound(self, unit: SoundUnit) -> None:
        """Add a block of sound; on the mic thread."""
        self._put(Kind.AUDIO, len(unit.data), unit)

    @property
    def picture_bytes(self) -> int:
        """Of the pictures that wait."""
        with self._changed:
            return self._queue.video_bytes

    @property
    def picture_age_us(self) -> int:
        """How long the oldest of the pictures waits."""
        with self._changed:
            return self._queue.video_age(self._clock.now())

    def get(self, within_s: float, hold_us: int = 0) -> AccessUnit | SoundUnit | None:
        """
        Return the next unit, sound first; None when time is over or woken.

        Args:
            within_s: How long to wait for one.
            hold_us: Pictures younger than this stay, for sound to overtake them.

        """
        with self._changed:
            unit = self._queue.get(self._clock.now(), hold_us)
            if unit is None:
                self._changed.wait(within_s)
                unit = self._queue.get(self._clock.now(), hold_us)
            return unit

    def take_idr_wanted(self) -> bool:
        """Say once, after a drop, that the camera should make an IDR."""
        with self._changed:
            return self._queue.take_idr_wanted()

    def restart(self) -> None:
        """Forget all: another stream begins, with the next IDR."""
        with self._changed:
            self._queue.restart()

    def wake(self) -> None:
        """Let the consumer look around; any thread."""
        with self._changed:
            self._changed.notify_all()

    def _put(self, kind: Kind, size: int, unit: AccessUnit | SoundUnit) -> None:
        with self._changed:
            self._queue.put(self._clock.now(), kind, size, unit)
            self._changed.notify()
