"""The stream backend that is our own relay, in the same process."""

from __future__ import annotations

from typing import Protocol

from kiosk.room.stream_url import StreamHost, StreamKey


class RelayControl(Protocol):
    """What rooms need of a relay; called on its event loop."""

    def cut(self, name: str) -> None:
        """End a stream for everybody; unknown names are fine."""
        ...

    def is_live(self, name: str) -> bool:
        """Say whether somebody publishes it."""
        ...

    def request_idr(self, name: str) -> None:
        """Ask its publisher for an IDR; unknown names are fine."""
        ...


class RelayBackend:
    """Signs with two keys and passes the rest on to the relay."""

    def __init__(
        self,
        relay: RelayControl,
        host: StreamHost,
        push_key: StreamKey,
        play_key: StreamKey,
    ) -> None:
        self._relay = relay
        self._host = host
        self._push_key = push_key
        self._play_key = play_key

    def sign_push(self, stream: str, expires_at: int) -> str:
        """Return the push URL."""
        return self._host.signed_url(self._push_key, stream, expires_at)

    def sign_play(self, stream: str, expires_at: int) -> str:
        """Return the play URL."""
        return self._host.signed_url(self._play_key, stream, expires_at)

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream now."""
        return self._relay.is_live(stream)

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its subscribers."""
        self._relay.cut(stream)

    def request_idr(self, stream: str) -> None:
        """Ask the publisher for a picture that needs no other."""
        self._relay.request_idr(stream)
