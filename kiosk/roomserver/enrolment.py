"""
Who is enrolled: kiosks and agents that prove themselves by a key of their own.

``get_login_info`` of the originals signs any name for anybody (``reliability.md``
S02).  Here a name that is enrolled is given to its key alone, whatever network it
is asked from, and in no dialect without a login.  Keys are random, so that of
each only the SHA-256 is kept.  Rules:

1. A login rests on the key it began with, which is a fact like the login itself:
   every process and the next life of this one know it.  Another key, none, or a ban ends all
   that the name holds, also when it happened while this server was down.
2. A userSig made before the key that counts now is void: it lives for a month.
3. The key of a name is also good for its test calls (``kiosk-7-test``).

Pure; the table comes from :mod:`kiosk.roomserver.enrolment_file`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.room.fields import Fields
from kiosk.room.login_requests import TEST_CALLER
from kiosk.room.usersig import BadUserSig
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


_FINGERPRINT_CHARS = 16
_BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """
    One name of the table.

    Attributes:
        since: Unix seconds of the enrolment, or of the ban.
        key_hash: SHA-256 of the key, hex; empty: the name is banned.

    """

    since: int
    key_hash: str = field(default="", repr=False)

    @property
    def rests_on(self) -> str:
        """What a login under the name rests on."""
        return self.key_hash[:_FINGERPRINT_CHARS] or _BANNED


EnrolledTable = Mapping[str, Enrolled]
"""By userID."""


class Enrolment:
    """
    The names that need a key.

    Args:
        ledger: Where it is kept which key a login rests on.

    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        self._ledger = ledger or ForgetfulLedger()
        self._table: EnrolledTable = {}
        self._rests_on: dict[str, str] = {}
        self._is_new = True

    def recall(self) -> None:
        """Take in which keys logins of an earlier life rest on."""
        for name, fact in self._ledger.facts(Shelf.ENROLMENT):
            self.take_in(name, fact)

    def take_in(self, user_id: str, fact: Wire | None) -> None:
        """Keep what a login rests on as it was noted elsewhere; None: forget it."""
        self._rests_on.pop(user_id, None)
        if fact is not None:
            self._rests_on[user_id] = Fields(fact).text("key")

    def knows(self, user_id: str) -> bool:
        """Say whether a name needs a key, or is banned."""
        return self._entry(user_id) is not None

    def proves(self, user_id: str, key: str) -> bool:
        """Say whether this is the name's key."""
        entry = self._entry(user_id)
        wanted = entry.key_hash if entry else ""
        return hmac.compare_digest(hash_of(key), wanted)

    def refuse_older(self, user_id: str, signed_at: int) -> None:
        """
        Let pass a userSig made at a time (unix seconds).

        Raises:
            BadUserSig: The name is banned, or had another key then.

        """
        entry = self._entry(user_id)
        if entry is not None and (not entry.key_hash or signed_at < entry.since):
            raise BadUserSig("it is older than its user's key")

    def note_login(self, user_id: str) -> None:
        """Keep which key a login rests on, if it needs one."""
        entry = self._entry(user_id)
        if entry is not None and self._rests_on.get(user_id) != entry.rests_on:
            self._rests_on[user_id] = entry.rests_on
            self._ledger.note(Shelf.ENROLMENT, user_id, {"key": entry.rests_on})

    def replace(self, table: EnrolledTable) -> frozenset[str]:
        """Take a new table, not in a turn; return the names to give to :meth:`end`."""
        old, self._table = self._table, table
        changed = {
            name
            for name in old.keys() | table.keys()
            if self._is_new or old.get(name) != table.get(name)
        }
        self._is_new = False
        return frozenset(changed | {name + TEST_CALLER for name in changed})

    def end(self, changed: frozenset[str]) -> frozenset[str]:
        """Forget the logins that have lost their ground, in a turn; return whose."""
        ended = frozenset(
            name for name in changed | self._rests_on.keys() if self._has_lost(name)
        )
        for name in ended & self._rests_on.keys():
            del self._rests_on[name]
            self._ledger.strike(Shelf.ENROLMENT, name)
        return ended

    def _has_lost(self, name: str) -> bool:
        entry = self._entry(name)
        now = entry.rests_on if entry else None
        return now == _BANNED or self._rests_on.get(name) != now

    def _entry(self, user_id: str) -> Enrolled | None:
        entry = self._table.get(user_id)
        return entry or self._table.get(user_id.removesuffix(TEST_CALLER))


def hash_of(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()
