"""
Where the streams of rooms really are: the border between rooms and media.

Our relay is one implementation (:mod:`kiosk.roomserver.backend_relay`); the other
knows nginx-rtmp, SRS, MediaMTX or a CDN.
"""

from __future__ import annotations

from typing import Protocol


class StreamBackend(Protocol):
    """Names streams and rules over them; every call is quick and never raises."""

    def push_url(self, stream: str, query: str) -> str:
        """Return where a stream is published, with its key."""
        ...

    def play_url(self, stream: str, query: str) -> str:
        """Return where a stream is played, with its key."""
        ...

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream now."""
        ...

    def is_recorded(self, stream: str) -> bool:
        """Say whether a recorder confirms at this moment that it takes the stream."""
        ...

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its subscribers."""
        ...

    def review(self) -> None:
        """End every connection whose right is over."""
        ...

    def request_idr(self, stream: str) -> None:
        """Ask the publisher for a picture that needs no other."""
        ...
