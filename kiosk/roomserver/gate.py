"""
What the relay asks before it lets a stream in or out, and what it reports.

A publisher needs a push key that is right *and* a grant that was issued and not
revoked; a subscriber a play key for a stream that has one.  The two keys differ,
so whoever may watch cannot replace the picture (``reliability.md`` S07).
"""

from __future__ import annotations

from kiosk.room.stream_url import APP, StreamKey, refusal_of
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.store_ledger import Turns


class StreamGate:
    """Authorises streams and carries their beginning and end to the rooms."""

    def __init__(
        self,
        grants: PushGrants,
        rooms: Rooms,
        push_key: StreamKey,
        play_key: StreamKey,
        *,
        clock: ServerClock,
        turns: Turns,
    ) -> None:
        self._grants = grants
        self._rooms = rooms
        self._push_key = push_key
        self._play_key = play_key
        self._clock = clock
        self._turns = turns

    def authorize_publish(self, app: str, name: str, query: str) -> str | None:
        """Return None, or why this publisher is refused."""
        return self._refusal(self._push_key, app, name, query)

    def authorize_play(self, app: str, name: str, query: str) -> str | None:
        """Return None, or why this subscriber is refused."""
        return self._refusal(self._play_key, app, name, query)

    def on_stream_started(self, name: str) -> None:
        """Note that a stream is being published."""
        self._turns.post(lambda: self._tell(name, live=True))

    def on_stream_ended(self, name: str) -> None:
        """Note that a stream's publisher is gone."""
        self._turns.post(lambda: self._tell(name, live=False))

    def _tell(self, name: str, *, live: bool) -> None:
        grant = self._grants.find(name, self._clock.monotonic())
        if grant is not None and grant.room_id:
            self._rooms.stream_is(grant.room_id, grant.user_id, name, live=live)

    def _refusal(self, key: StreamKey, app: str, name: str, query: str) -> str | None:
        if app != APP:
            return f"the application must be {APP!r}"
        reason = refusal_of(key, name, query, self._clock.unix())
        if reason is None and self._grants.find(name, self._clock.monotonic()) is None:
            return "the stream was not issued, or its seat was given up"
        return reason
