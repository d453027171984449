"""
The stream backend that is somebody else's media server.

URLs carry keys as for our relay; the media server shows them to us in its
callbacks (:mod:`kiosk.roomserver.media_hooks`), or, a CDN, verifies them
itself.  What lives is what it told us: after a restart of ours nothing does until
it speaks again.  It is never asked for an IDR: it has no way to pass that on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from kiosk.roomserver.media_settings import MediaSettings, url_of
from kiosk.roomserver.relay_terms import Permit


MAX_STREAMS: Final = 10_000
MAX_CONNECTIONS: Final = 64
"""Per stream: its publisher, one on the way, and its players."""


class Cut(Protocol):
    """Has connections of a stream ended; returns at once."""

    def __call__(
        self, stream: str, connections: tuple[str, ...], *, whole: bool
    ) -> None:
        """Order it; ``whole``: the stream with all there are, known or not."""
        ...


class LiveStreams:
    """
    Which streams live at a media server, by the connections it told of.

    A name lives while at least one publisher of it does: a second one is let in
    by its key and then refused by the media server, and its end is not the end.
    """

    def __init__(
        self, on_started: Callable[[str], None], on_ended: Callable[[str], None]
    ) -> None:
        self._on_started = on_started
        self._on_ended = on_ended
        self._publishers: dict[str, set[str]] = {}
        self._players: dict[str, set[str]] = {}
        self._permits: dict[str, dict[str, Permit]] = {}

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes it."""
        return stream in self._publishers

    def names(self) -> tuple[str, ...]:
        """Return all live streams."""
        return tuple(sorted(self._publishers))

    def players(self, stream: str) -> int:
        """Return how many play it, as far as we were told."""
        return len(self._players.get(stream, ()))

    def permitted(self, stream: str, connection: str, permit: Permit) -> None:
        """Keep the right of a connection, the newest ones of a stream."""
        if stream not in self._permits and len(self._permits) >= MAX_STREAMS:
            return
        known = self._permits.setdefault(stream, {})
        known.pop(connection, None)
        while len(known) >= MAX_CONNECTIONS:
            del known[next(iter(known))]
        known[connection] = permit

    def over(self) -> tuple[tuple[str, str], ...]:
        """Return each (stream, connection) whose right ended, and forget it."""
        over = tuple(
            (stream, connection)
            for stream, known in self._permits.items()
            for connection, permit in known.items()
            if permit()
        )
        for stream, connection in over:
            self._end_permit(stream, connection)
        return over

    def published(self, stream: str, connection: str) -> None:
        """Note a publisher."""
        is_new = stream not in self._publishers
        if _note(self._publishers, stream, connection) and is_new:
            self._on_started(stream)

    def unpublished(self, stream: str, connection: str) -> None:
        """Note that a publisher is gone."""
        self._end_permit(stream, connection)
        if _strike(self._publishers, stream, connection):
            self._on_ended(stream)

    def played(self, stream: str, connection: str) -> None:
        """Note a player."""
        _note(self._players, stream, connection)

    def stopped(self, stream: str, connection: str) -> None:
        """Note that a player is gone."""
        self._end_permit(stream, connection)
        _strike(self._players, stream, connection)

    def forget(self, stream: str) -> tuple[str, ...]:
        """Forget a stream; return the connections that were known of it."""
        publishers = self._publishers.pop(stream, set())
        players = self._players.pop(stream, set())
        self._permits.pop(stream, None)
        return tuple(sorted(publishers | players))

    def _end_permit(self, stream: str, connection: str) -> None:
        known = self._permits.get(stream, {})
        known.pop(connection, None)
        if not known:
            self._permits.pop(stream, None)


class RemoteBackend:
    """Names streams where the media server has them; ends them as it can be done."""

    def __init__(self, settings: MediaSettings, live: LiveStreams, cut: Cut) -> None:
        self._settings = settings
        self._live = live
        self._cut = cut

    def push_url(self, stream: str, query: str) -> str:
        """Return where a stream is published."""
        return f"{url_of(self._settings.push_url, stream)}?{query}"

    def play_url(self, stream: str, query: str) -> str:
        """Return where a stream is played."""
        return f"{url_of(self._settings.pulled_url, stream)}?{query}"

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream, as far as we were told."""
        return self._live.is_live(stream)

    def is_recorded(self, stream: str) -> bool:
        """Say no: what a foreign media server records it does not tell."""
        return False

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its players."""
        self._cut(stream, self._live.forget(stream), whole=True)

    def review(self) -> None:
        """End every connection whose right is over."""
        for stream, connection in self._live.over():
            self._cut(stream, (connection,), whole=False)

    def request_idr(self, stream: str) -> None:
        """Nothing: the publisher sends one a second to a stranger."""


def _note(table: dict[str, set[str]], stream: str, connection: str) -> bool:
    known = table.get(stream, set())
    if len(known) >= MAX_CONNECTIONS or (not known and len(table) >= MAX_STREAMS):
        return False
    known.add(connection)
    table[stream] = known
    return True


def _strike(table: dict[str, set[str]], stream: str, connection: str) -> bool:
    """Take a connection out; say whether it was the last one."""
    known = table.get(stream)
    if known is None or connection not in known:
        return False
    known.discard(connection)
    if not known:
        del table[stream]
    return not known
