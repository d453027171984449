"""The stream backend that is our own relay, in the same process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk.room.stream_url import StreamHost


class RelayControl(Protocol):
    """What rooms need of a relay; called on its event loop."""

    def cut(self, name: str) -> None:
        """End a stream for everybody; unknown names are fine."""
        ...

    def review(self) -> None:
        """End every connection whose permit is over."""
        ...

    def is_live(self, name: str) -> bool:
        """Say whether somebody publishes it."""
        ...

    def request_idr(self, name: str) -> None:
        """Ask its publisher for an IDR; unknown names are fine."""
        ...


def _nothing(_stream: str) -> bool:
    return False


class RelayBackend:
    """
    Names relays as clients reach them and passes the rest on to our own.

    Args:
        relay: Ours.
        host: Where clients reach it.
        node_of: Which relay a stream is for, as ``HOST:PORT``; empty: ours.
        is_recorded: Whether a recorder takes a stream; none does by default.

    """

    def __init__(
        self,
        relay: RelayControl,
        host: StreamHost,
        node_of: Callable[[str], str],
        is_recorded: Callable[[str], bool] = _nothing,
    ) -> None:
        self._relay = relay
        self._host = host
        self._node_of = node_of
        self._is_recorded = is_recorded

    def push_url(self, stream: str, query: str) -> str:
        """Return where a stream is published."""
        return self._host_of(stream).url(stream, query)

    def play_url(self, stream: str, query: str) -> str:
        """Return where a stream is played."""
        return self._host_of(stream).url(stream, query)

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream now."""
        return self._relay.is_live(stream)

    def is_recorded(self, stream: str) -> bool:
        """Say whether a recorder confirms that it takes the stream."""
        return self._is_recorded(stream)

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its subscribers."""
        self._relay.cut(stream)

    def review(self) -> None:
        """End every connection whose right is over."""
        self._relay.review()

    def request_idr(self, stream: str) -> None:
        """Ask the publisher for a picture that needs no other."""
        self._relay.request_idr(stream)

    def _host_of(self, stream: str) -> StreamHost:
        node = self._node_of(stream)
        return StreamHost(node, self._host.scheme) if node else self._host
