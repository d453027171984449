"""
Who is logged in at the desk: tokens in a cookie, kept in memory as their hashes.

A restart logs everybody out.  Bounded: an agent has a few logins, the oldest makes
room.  Time is an argument, monotonic seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Login:
    """
    One login.

    Attributes:
        fingerprint: Of the password it was made by.
        until: It is void after that, unless it is used.

    """

    agent_id: str
    fingerprint: bytes
    until: float


class Logins:
    """
    The table of logins.

    Args:
        new_token: Makes one nobody guesses.
        idle_s: A login not used for so long is void.

    """

    def __init__(
        self,
        new_token: Callable[[], str],
        idle_s: float,
        *,
        per_agent: int = 4,
    ) -> None:
        self._new_token = new_token
        self._idle_s = idle_s
        self._per_agent = per_agent
        self._logins: dict[bytes, Login] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._logins)

    def open(self, agent_id: str, fingerprint: bytes, now: float) -> str:
        """Log somebody in, who has proved himself; return his token."""
        self.sweep(now)
        mine = [key for key, one in self._logins.items() if one.agent_id == agent_id]
        for key in mine[: max(0, len(mine) - self._per_agent + 1)]:
            del self._logins[key]
        token = self._new_token()
        login = Login(agent_id, fingerprint, now + self._idle_s)
        self._logins[_key(token)] = login
        return token

    def find(self, token: str, now: float) -> Login | None:
        """Return the login of a token, and prolong it; None: there is none."""
        login = self._logins.get(_key(token))
        if login is None or now > login.until:
            return None
        login.until = now + self._idle_s
        return login

    def close(self, token: str) -> None:
        """Void a token; unknown ones are fine."""
        self._logins.pop(_key(token), None)

    def sweep(self, now: float) -> None:
        """Forget who was not heard for too long."""
        late = [key for key, login in self._logins.items() if now > login.until]
        for key in late:
            del self._logins[key]


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
