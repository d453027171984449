"""
Push grants: which stream was issued to whom, and whether it may still be used.

Every push URL names a stream made for that one attempt.  A grant lives for a
short while unused, then as long as the seat it is bound to; a revoked one never
comes back.  So a URL from an earlier attempt, another user or a dead room opens
nothing (``reliability.md`` S06, S07, P7).  The ticket of a grant connects once
(:mod:`kiosk.room.stream_ticket`): that is noted here.  ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.room.fields import Fields
from kiosk.room.stream_ticket import tag_of
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


@dataclass(slots=True)
class Grant:
    """One issued stream."""

    stream: str
    user_id: str
    address: str
    """Where it was asked from: the identity of the dialect without login."""
    expires_at: float
    room_id: str = ""
    """The room it holds a seat in; such a grant does not expire."""
    meant_for: str = ""
    """The room its ticket names: it takes a seat in no other."""
    is_spent: bool = False
    """Whether its ticket has connected."""
    node: str = ""
    """The relay it is for, as :attr:`PushGrants.here` has it."""

    def is_valid(self, now: float) -> bool:
        """Say whether it may be used."""
        return bool(self.room_id) or now < self.expires_at


class PushGrants:
    """
    The table of issued streams, bounded per user and in all.

    Attributes:
        here: The relay that new streams are for, as ``HOST:PORT`` of its URLs;
            empty where there is but one.

    Args:
        new_stream: Makes an unguessable stream name.
        ledger: Where grants outlive the process, and streams are told to be cut.
        unused_s: How long a grant without a seat lives.

    """

    def __init__(
        self,
        new_stream: Callable[[], str],
        ledger: Ledger | None = None,
        *,
        unused_s: float = 120.0,
        max_grants: int = 10_000,
        max_unused_per_user: int = 4,
        max_seats_per_user: int = 8,
    ) -> None:
        self.here = ""
        self._new_stream = new_stream
        self._ledger = ledger or ForgetfulLedger()
        self._unused_s = unused_s
        self._max_grants = max_grants
        self._max_unused_per_user = max_unused_per_user
        self._max_seats_per_user = max_seats_per_user
        self._grants: dict[str, Grant] = {}
        self._by_user: dict[str, list[Grant]] = {}
        self._addresses: dict[str, int] = {}
        self._by_tag: dict[str, str] = {}

    def __len__(self) -> int:
        """Return the number of grants kept."""
        return len(self._grants)

    def issue(
        self, user_id: str, address: str, now: float, meant_for: str = ""
    ) -> Grant | None:
        """
        Issue a fresh stream; the user's oldest unused one goes when many.

        Args:
            user_id: Whose it is.
            address: Where it was asked from.
            now: Monotonic seconds.
            meant_for: The only room it may take a seat in; empty: any.

        Returns:
            None when the table is full or the user sits in too many rooms.

        """
        mine = self._by_user.get(user_id, [])
        unused = [grant for grant in mine if not grant.room_id]
        if len(unused) >= self._max_unused_per_user:
            self.revoke(unused[0].stream)
        too_many_seats = len(mine) - len(unused) >= self._max_seats_per_user
        if too_many_seats or len(self._grants) >= self._max_grants:
            return None
        end = now + self._unused_s
        grant = Grant(
            self._new_stream(),
            user_id,
            address,
            end,
            meant_for=meant_for,
            node=self.here,
        )
        self._keep(grant)
        self._note(grant)
        return grant

    def bind(self, grant: Grant, room_id: str) -> None:
        """Bind a grant to the room whose seat it is for."""
        if grant.room_id != room_id:
            grant.room_id = room_id
            self._note(grant)

    def spend(self, grant: Grant) -> bool:
        """Let the ticket of a grant connect; False if it has before."""
        if grant.is_spent:
            return False
        grant.is_spent = True
        self._note(grant)
        return True

    def recall(self, now: float, is_seated: Callable[[Grant], bool]) -> None:
        """
        Take in what an earlier life of this server issued.

        Unused grants live as long again as new ones.

        Args:
            now: Monotonic seconds.
            is_seated: Whether the room of a bound grant still knows it.

        """
        for stream, fact in self._ledger.facts(Shelf.GRANT):
            grant = self._read(stream, Fields(fact), now)
            if grant.room_id and not is_seated(grant):
                self._ledger.strike(Shelf.GRANT, stream)
            else:
                self._keep(grant)

    def take_in(self, stream: str, fact: Wire | None, now: float) -> None:
        """Keep a grant as it was noted elsewhere; None: forget it."""
        self._forget(stream)
        if fact is not None:
            self._keep(self._read(stream, Fields(fact), now))

    def find(self, stream: str, now: float) -> Grant | None:
        """Return the grant of a stream if it may still be used."""
        grant = self._grants.get(stream)
        return grant if grant is not None and grant.is_valid(now) else None

    def node_of(self, stream: str) -> str:
        """Return the relay a stream is for; empty: the only one, or unknown."""
        grant = self._grants.get(stream)
        return "" if grant is None else grant.node

    def has_unused(self, user_id: str, now: float) -> bool:
        """Say whether a user is about to join some room."""
        for grant in self._by_user.get(user_id, ()):
            if not grant.room_id and grant.is_valid(now):
                return True
        return False

    def is_elsewhere(self, user_id: str, address: str, now: float) -> bool:
        """Say whether a user has a grant that was asked for from another address."""
        mine = self._by_user.get(user_id, ())
        return any(one.address != address and one.is_valid(now) for one in mine)

    def holder(self, tag: str) -> str:
        """Return the user with a tag who has any grant, or an empty text."""
        return self._by_tag.get(tag, "")

    def has_from(self, address: str) -> bool:
        """Say whether any grant was asked for from an address."""
        return address in self._addresses

    def revoke(self, stream: str, *, after_s: float = 0.0) -> None:
        """
        Forget a stream for good and have it cut; unknown ones are fine.

        Args:
            stream: Its name.
            after_s: How much later it is cut.

        """
        if self._forget(stream):
            self._ledger.strike(Shelf.GRANT, stream)
            self._ledger.note(Shelf.CUT, stream, {"afterS": after_s})

    def revoke_of(self, user_id: str) -> None:
        """Forget all streams of a user."""
        for grant in tuple(self._by_user.get(user_id, ())):
            self.revoke(grant.stream)

    def sweep(self, now: float) -> None:
        """Revoke what expired unused."""
        for grant in tuple(self._grants.values()):
            if not grant.is_valid(now):
                self.revoke(grant.stream)

    def _forget(self, stream: str) -> bool:
        """Take a grant out; say whether there was one."""
        grant = self._grants.pop(stream, None)
        if grant is None:
            return False
        mine = self._by_user[grant.user_id]
        mine.remove(grant)
        if not mine:
            del self._by_user[grant.user_id]
            del self._by_tag[tag_of(grant.user_id)]
        self._addresses[grant.address] -= 1
        if not self._addresses[grant.address]:
            del self._addresses[grant.address]
        return True

    def _read(self, stream: str, fields: Fields, now: float) -> Grant:
        return Grant(
            stream,
            fields.text("user"),
            fields.text("address"),
            now + self._unused_s,
            fields.text("room"),
            fields.optional_text("meant_for"),
            fields.optional_flag("is_spent"),
            fields.optional_text("node"),
        )

    def _keep(self, grant: Grant) -> None:
        self._grants[grant.stream] = grant
        self._by_user.setdefault(grant.user_id, []).append(grant)
        self._by_tag[tag_of(grant.user_id)] = grant.user_id
        self._addresses[grant.address] = self._addresses.get(grant.address, 0) + 1

    def _note(self, grant: Grant) -> None:
        facts: dict[str, object] = {
            "user": grant.user_id,
            "address": grant.address,
            "room": grant.room_id,
            "meant_for": grant.meant_for,
            "is_spent": grant.is_spent,
            "node": grant.node,
        }
        self._ledger.note(Shelf.GRANT, grant.stream, facts)
