"""
Where the streams of rooms really are: the border between rooms and media.

Our relay is one implementation (:mod:`kiosk.roomserver.backend_relay`); others
sign URLs for nginx-rtmp, SRS, MediaMTX or a CDN.
"""

from __future__ import annotations

from typing import Protocol


class StreamBackend(Protocol):
    """Signs URLs and rules over streams; every call is quick and never raises."""

    def sign_push(self, stream: str, expires_at: int) -> str:
        """Return the push URL of a stream; the end is unix seconds."""
        ...

    def sign_play(self, stream: str, expires_at: int) -> str:
        """Return the play URL of a stream; the end is unix seconds."""
        ...

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream now."""
        ...

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its subscribers."""
        ...

    def request_idr(self, stream: str) -> None:
        """Ask the publisher for a picture that needs no other."""
        ...
