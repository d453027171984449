"""
Capture times to RTMP timestamps. Pure.

One origin for sound and pictures, so that what was captured together has the
same timestamp; milliseconds, never stepping back within a medium.
"""

from __future__ import annotations

from kiosk.ports import Micros


_HEADSTART_US = 200_000  # the other medium's first unit may be so much older


class StreamTime:
    """The timestamps of one published stream."""

    def __init__(self) -> None:
        self._origin: Micros | None = None
        self._last_audio_ms = 0
        self._last_video_ms = 0

    def audio_ms(self, captured_at: Micros) -> int:
        """Return the timestamp of a block of sound."""
        self._last_audio_ms = max(self._last_audio_ms, self._since_origin(captured_at))
        return self._last_audio_ms

    def video_ms(self, captured_at: Micros) -> int:
        """Return the timestamp of a picture."""
        self._last_video_ms = max(self._last_video_ms, self._since_origin(captured_at))
        return self._last_video_ms

    def _since_origin(self, captured_at: Micros) -> int:
        if self._origin is None:
            self._origin = Micros(captured_at - _HEADSTART_US)
        return round((captured_at - self._origin) / 1000)
