"""
The stream backend that is somebody else's media server.

URLs are signed as for our relay; the media server shows us their signature in
its callbacks (:mod:`kiosk.roomserver.media_hooks`), or, a CDN, verifies it
itself.  What lives is what it told us: after a restart of ours nothing does until
it speaks again.  It is never asked for an IDR: it has no way to pass that on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.room.stream_url import StreamKey, signed_query
from kiosk.roomserver.media_settings import MediaSettings, url_of


MAX_STREAMS: Final = 10_000
MAX_CONNECTIONS: Final = 64
"""Per stream: its publisher, one on the way, and its players."""

Cut = Callable[[str, tuple[str, ...]], None]
"""Told a stream to end, and the connections known of it; returns at once."""


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

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes it."""
        return stream in self._publishers

    def names(self) -> tuple[str, ...]:
        """Return all live streams."""
        return tuple(sorted(self._publishers))

    def players(self, stream: str) -> int:
        """Return how many play it, as far as we were told."""
        return len(self._players.get(stream, ()))

    def published(self, stream: str, connection: str) -> None:
        """Note a publisher."""
        is_new = stream not in self._publishers
        if _note(self._publishers, stream, connection) and is_new:
            self._on_started(stream)

    def unpublished(self, stream: str, connection: str) -> None:
        """Note that a publisher is gone."""
        if _strike(self._publishers, stream, connection):
            self._on_ended(stream)

    def played(self, stream: str, connection: str) -> None:
        """Note a player."""
        _note(self._players, stream, connection)

    def stopped(self, stream: str, connection: str) -> None:
        """Note that a player is gone."""
        _strike(self._players, stream, connection)

    def forget(self, stream: str) -> tuple[str, ...]:
        """Forget a stream; return the connections that were known of it."""
        publishers = self._publishers.pop(stream, set())
        players = self._players.pop(stream, set())
        return tuple(sorted(publishers | players))


class RemoteBackend:
    """Signs with two keys; ends streams by whatever way there is."""

    def __init__(
        self,
        settings: MediaSettings,
        bizid: str,
        *,
        push_key: StreamKey,
        play_key: StreamKey,
        live: LiveStreams,
        cut: Cut,
    ) -> None:
        self._settings = settings
        self._bizid = bizid
        self._push_key = push_key
        self._play_key = play_key
        self._live = live
        self._cut = cut

    def sign_push(self, stream: str, expires_at: int) -> str:
        """Return the push URL."""
        query = signed_query(self._push_key, stream, expires_at, self._bizid)
        return f"{url_of(self._settings.push_url, stream)}?{query}"

    def sign_play(self, stream: str, expires_at: int) -> str:
        """Return the play URL."""
        query = signed_query(self._play_key, stream, expires_at, self._bizid)
        return f"{url_of(self._settings.pulled_url, stream)}?{query}"

    def is_live(self, stream: str) -> bool:
        """Say whether somebody publishes the stream, as far as we were told."""
        return self._live.is_live(stream)

    def cut(self, stream: str) -> None:
        """End a stream for its publisher and its players."""
        self._cut(stream, self._live.forget(stream))

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
