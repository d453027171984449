"""
Login tokens of the v2 dialect: who is logged in, and is this its token?

One token per user, a new login voids the old one (as the originals do it);
unlike theirs a token dies after long disuse and the table is bounded
(``reliability.md`` S11, S14).  Only the hash of a token is kept, here and on
disk.  ``now`` is monotonic seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kiosk.room.codes import NOT_LOGGED_IN, token_refusal
from kiosk.room.fields import Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


_FORM = re.compile(r"[0-9a-f]{32}\*[0-9a-f]{1,16}\*[A-Za-z0-9+/=]{0,64}")
_RANDOM_BYTES = 16
LEASE_S: Final = 12.0
"""A machine that asked nothing for so long may have made way to another one; an idle
kiosk asks every four seconds."""
_TOLD_PER_IDLE = 12
"""A token in use is told so often before others would think it idle."""


@dataclass(slots=True)
class _Session:
    token_hash: str = field(repr=False)
    used_at: float
    told_at: float
    """When the other processes last learnt that it is in use."""
    address: str = ""
    """Where a login without proof came from; empty: it was proven."""
    instance: str = ""
    """Which machine it is of; empty: nobody said."""


class TokenRefused(Exception):
    """A token is no proof; ``number`` is the original's sub-code."""

    _TEXTS = (
        "",
        "token 错误",
        "token 错误",
        "用户未登录或token过期",
        "参数不全，请检查是否忘记携带参数userID和token",  # noqa: RUF001
    )
    DIFFERS, MALFORMED, NOT_LOGGED_IN, MISSING = 1, 2, NOT_LOGGED_IN, 4

    def __init__(self, number: int) -> None:
        super().__init__(token_refusal(number, self._TEXTS[number]))
        self.number = number


class Sessions:
    """
    The table of tokens.

    Args:
        random_bytes: ``secrets.token_bytes``.
        ledger: Where tokens outlive the process.
        idle_s: A token not used for so long is void.

    """

    def __init__(
        self,
        sdk_app_id: int,
        account_type: str,
        random_bytes: Callable[[int], bytes],
        ledger: Ledger | None = None,
        *,
        idle_s: float = 12 * 3600.0,
        max_sessions: int = 20_000,
    ) -> None:
        encoded = base64.b64encode(account_type.encode()).decode()
        self._suffix = f"*{sdk_app_id:x}*{encoded}"
        self._random_bytes = random_bytes
        self._ledger = ledger or ForgetfulLedger()
        self._idle_s = idle_s
        self._max_sessions = max_sessions
        self._sessions: dict[str, _Session] = {}

    def __len__(self) -> int:
        """Return the number of users logged in."""
        return len(self._sessions)

    def open(
        self, user_id: str, now: float, address: str = "", instance: str = ""
    ) -> str:
        """
        Return a fresh token; the user's older one is void, the idlest goes.

        Args:
            user_id: Whose it is.
            now: Monotonic seconds.
            address: Where a login without proof came from; empty: it was proven.
            instance: Which machine it is of, if that is known.

        """
        self._sessions.pop(user_id, None)
        while len(self._sessions) >= self._max_sessions:
            self.close(next(iter(self._sessions)))
        token = self._random_bytes(_RANDOM_BYTES).hex() + self._suffix
        session = _Session(_hash_of(token), now, now, address, instance)
        self._sessions[user_id] = session
        self._note(user_id, session)
        return token

    def recall(self, now: float) -> None:
        """Take in who was logged in at an earlier life of this server."""
        for user_id, fact in self._ledger.facts(Shelf.SESSION):
            self.take_in(user_id, fact, now)

    def take_in(self, user_id: str, fact: Wire | None, now: float) -> None:
        """Keep a token as it was noted elsewhere; None: forget it."""
        self._sessions.pop(user_id, None)
        if fact is not None:
            fields = Fields(fact)
            token_hash, address = fields.text("sha256"), fields.optional_text("address")
            instance = fields.optional_text("instance")
            session = _Session(token_hash, now, now, address, instance)
            self._sessions[user_id] = session

    def begin_anew(self, now: float) -> None:
        """Count every token as used now."""
        for session in self._sessions.values():
            session.used_at = now

    def check(self, user_id: str, token: str, now: float) -> None:
        """
        Accept a token of this user.

        Raises:
            TokenRefused: With the original's sub-code.

        """
        if not user_id or not token:
            raise TokenRefused(TokenRefused.MISSING)
        if not _FORM.fullmatch(token):
            raise TokenRefused(TokenRefused.MALFORMED)
        session = self._sessions.get(user_id)
        if session is None or now - session.used_at > self._idle_s:
            raise TokenRefused(TokenRefused.NOT_LOGGED_IN)
        if not hmac.compare_digest(session.token_hash, _hash_of(token)):
            raise TokenRefused(TokenRefused.DIFFERS)
        session.used_at = now
        self._sessions[user_id] = self._sessions.pop(user_id)  # the idlest is first
        if now - session.told_at > self._idle_s / _TOLD_PER_IDLE:
            session.told_at = now
            self._note(user_id, session)

    def address_of(self, user_id: str, now: float) -> str | None:
        """Return where a user logged in without proof; empty: with, None: not at all."""
        session = self._sessions.get(user_id)
        if session is None or now - session.used_at > self._idle_s:
            return None
        return session.address

    def is_in_use(self, user_id: str, instance: str, now: float) -> bool:
        """
        Say whether another machine is at work under that name.

        One that was silent for :data:`LEASE_S` is not, nor is one that never said which
        it is: as with the originals its login is over with the next.
        """
        session = self._sessions.get(user_id)
        if session is None or not session.instance or not instance:
            return False
        return session.instance != instance and now - session.used_at <= LEASE_S

    def close(self, user_id: str) -> None:
        """Void a user's token; repeatable."""
        if self._sessions.pop(user_id, None) is not None:
            self._ledger.strike(Shelf.SESSION, user_id)

    def sweep(self, now: float) -> None:
        """Forget tokens nobody used for long."""
        for user_id, session in tuple(self._sessions.items()):
            if now - session.used_at > self._idle_s:
                self.close(user_id)

    def _note(self, user_id: str, session: _Session) -> None:
        fact: Wire = {
            "sha256": session.token_hash,
            "address": session.address,
            **({"instance": session.instance} if session.instance else {}),
        }
        self._ledger.note(Shelf.SESSION, user_id, fact)


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
