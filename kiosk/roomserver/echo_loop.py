"""
What came from one stream, to be sent again a while later.

Pure: ``now`` is monotonic seconds and always an argument.  Nothing is decoded;
only timestamps change, so that they go on evenly when another stream with
another clock follows.  What comes out begins with an IDR and its config, and so
it does after an overflow.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from kiosk.rtmp.events import MediaEvent
from kiosk.rtmp.live_queue import Kind


MAX_BYTES: Final = 8 * 1024 * 1024
_TIMESTAMPS: Final = 1 << 32
_CONFIGS: Final = (Kind.VIDEO_CONFIG, Kind.AUDIO_CONFIG)


class EchoLoop:
    """
    A delay line for media.

    Args:
        delay_s: How much later everything leaves.
        began: When the timestamps of what leaves are 0.
        max_bytes: What may be inside; more is an overflow.

    """

    def __init__(
        self, delay_s: float, began: float, max_bytes: int = MAX_BYTES
    ) -> None:
        self._delay_s = delay_s
        self._began = began
        self._max_bytes = max_bytes
        self._inside: deque[tuple[float, MediaEvent]] = deque()
        self._configs: dict[Kind, MediaEvent] = {}
        self._size_bytes = 0
        self._shift_ms: int | None = None
        self._waits_for_idr = True

    def restart(self) -> None:
        """Forget everything: what comes next belongs to another stream."""
        self._inside.clear()
        self._configs.clear()
        self._size_bytes = 0
        self._shift_ms = None
        self._waits_for_idr = True

    def put(self, kind: Kind, event: MediaEvent, now: float) -> bool:
        """Take a unit in; False if nothing goes on without a new IDR."""
        if kind in _CONFIGS:
            self._configs[kind] = event
        if kind is Kind.IDR:
            self._waits_for_idr = False
        if kind is Kind.INTER and self._waits_for_idr:
            return True
        self._add(event, now)
        if self._size_bytes <= self._max_bytes:
            return True
        self._overflow(now)
        return False

    def take_due(self, now: float) -> list[MediaEvent]:
        """Return, in order, what is to leave by now."""
        due: list[MediaEvent] = []
        while self._inside and self._inside[0][0] <= now:
            _, event = self._inside.popleft()
            self._size_bytes -= len(event.payload)
            due.append(event)
        return due

    @property
    def next_due(self) -> float | None:
        """When the next unit is to leave; None if none is inside."""
        return self._inside[0][0] if self._inside else None

    def _add(self, event: MediaEvent, now: float) -> None:
        leaves_at = now + self._delay_s
        if self._shift_ms is None:
            self._shift_ms = round((leaves_at - self._began) * 1000)
            self._shift_ms -= event.timestamp_ms
        shifted = (event.timestamp_ms + self._shift_ms) % _TIMESTAMPS
        self._inside.append((leaves_at, event._replace(timestamp_ms=shifted)))
        self._size_bytes += len(event.payload)

    def _overflow(self, now: float) -> None:
        self._inside.clear()
        self._size_bytes = 0
        self._waits_for_idr = True
        for event in self._configs.values():
            self._add(event, now)
