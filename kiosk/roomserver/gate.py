"""
What the relay asks before it lets a stream in or out, and what it reports.

A publisher needs a push key that is right *and* a grant that was issued and not
revoked; a subscriber a play key for a stream that has one.  The two keys differ,
so whoever may watch cannot replace the picture (``reliability.md`` S07).  A ticket
must besides name its grant's user and room, pushes once, and plays for members
only.  Whoever is let in gets a :data:`~kiosk.roomserver.relay_terms.Permit`: it ends
with the seat, with the key, and at the latest after ``session_s``.
"""

from __future__ import annotations

from kiosk.room.stream_ticket import (
    Purpose,
    Ticket,
    is_astray,
    is_ticket,
    read_ticket,
    refusal_of_ticket,
    tag_of,
)
from kiosk.room.stream_url import APP, refusal_of
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.grants import Grant, PushGrants
from kiosk.roomserver.key_terms import KeyStyle
from kiosk.roomserver.relay_terms import Permit, Refusal
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.store_ledger import Turns
from kiosk.roomserver.strays import Strays
from kiosk.roomserver.stream_keys import StreamKeys
from kiosk.roomserver.stream_rights import StreamRights


_NOT_ISSUED = "the stream was not issued, or its seat was given up"
_OVER = "the connection has lasted as long as it may"
_REVOKED = "the key was revoked"
_USED = "the key was used before"
_MEMBERS_ONLY = "only members may play"
_CUT_S = 0.5
"""How long the cut of a stream by its name may take."""


class _Refused(Exception):
    """Why not."""


class StreamGate:
    """Authorises streams and carries their beginning and end to the rooms."""

    def __init__(
        self,
        *,
        grants: PushGrants,
        rooms: Rooms,
        keys: StreamKeys,
        rights: StreamRights,
        clock: ServerClock,
        strays: Strays,
        turns: Turns,
    ) -> None:
        self._grants = grants
        self._rooms = rooms
        self._keys = keys
        self._rights = rights
        self._clock = clock
        self._strays = strays
        self._turns = turns

    def authorize_publish(self, app: str, name: str, query: str) -> Permit | Refusal:
        """Return the right of this publisher, or why he is refused."""
        return self._judge(Purpose.PUSH, app, name, query)

    def authorize_play(self, app: str, name: str, query: str) -> Permit | Refusal:
        """Return the right of this subscriber, or why he is refused."""
        return self._judge(Purpose.PLAY, app, name, query)

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

    def _judge(
        self, purpose: Purpose, app: str, name: str, query: str
    ) -> Permit | Refusal:
        if app != APP:
            return Refusal(f"the application must be {APP!r}")
        try:
            if is_ticket(query):
                return self._by_ticket(purpose, name, query)
            return self._by_tencent_key(purpose, name, query)
        except _Refused as refused:
            return Refusal(str(refused))

    def _by_tencent_key(self, purpose: Purpose, name: str, query: str) -> Permit:
        if self._keys.terms.style is KeyStyle.TICKETS:
            raise _Refused("keys of form v2 are needed here")
        key = self._keys.push if purpose is Purpose.PUSH else self._keys.play
        reason = refusal_of(key, name, query, self._clock.unix())
        if reason is not None:
            raise _Refused(reason)
        return self._permit(self._grant(name))

    def _by_ticket(self, purpose: Purpose, name: str, query: str) -> Permit:
        ticket = self._proven(query)
        if (ticket.purpose, ticket.stream) != (purpose, name):
            raise _Refused("the key is for something else")
        grant = self._grant(name)
        if purpose is Purpose.PUSH:
            return self._push(ticket, grant)
        return self._play(ticket, grant)

    def _proven(self, query: str) -> Ticket:
        if self._keys.terms.style is KeyStyle.TENCENT:
            raise _Refused("keys of form v2 are not taken here")
        read = read_ticket(query)
        if read is None:
            raise _Refused("the key is malformed")
        ticket, signature = read
        key = self._keys.ring.find(ticket.kid)
        if key is None:
            raise _Refused(_REVOKED)
        reason = refusal_of_ticket(key, ticket, signature, self._clock.unix())
        if reason is not None:
            raise _Refused(reason)
        return ticket

    def _grant(self, name: str) -> Grant:
        grant = self._grants.find(name, self._clock.monotonic())
        if grant is None:
            raise _Refused(_NOT_ISSUED)
        return grant

    def _push(self, ticket: Ticket, grant: Grant) -> Permit:
        names = tag_of(grant.user_id), tag_of(grant.meant_for)
        if (ticket.holder, ticket.room) != names:
            raise _Refused("the key is for another user or room")
        if not self._grants.spend(grant):
            raise _Refused(_USED)
        return self._permit(grant, ticket.kid)

    def _play(self, ticket: Ticket, grant: Grant) -> Permit:
        if ticket.room != tag_of(grant.room_id):
            raise _Refused("the key is for another room")
        user_id = self._rights.player(grant, ticket.holder)
        if not user_id:
            raise _Refused(_MEMBERS_ONLY)
        now = self._clock.unix()
        if is_astray(ticket, now) and not self._strays.admit(ticket, now):
            raise _Refused(_USED)
        return self._permit(grant, ticket.kid, user_id)

    def _permit(self, grant: Grant, kid: str = "", player: str = "") -> Permit:
        """Return the right of one connection; kid and player only of a ticket."""
        until = self._clock.monotonic() + self._keys.terms.session_s
        gone_at: float | None = None

        def why_over() -> str:
            nonlocal gone_at
            now = self._clock.monotonic()
            if now >= until:
                return _OVER
            if kid and self._keys.ring.find(kid) is None:
                return _REVOKED
            if self._grants.find(grant.stream, now) is None:
                # It is being cut by its name, once its room's members were told.
                gone_at = now if gone_at is None else gone_at
                return _NOT_ISSUED if now - gone_at >= _CUT_S else ""
            barred = player and not self._rights.may_play(grant, player)
            return _MEMBERS_ONLY if barred else ""

        return why_over
