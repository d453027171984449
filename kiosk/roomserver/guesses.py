"""
Wrong guesses at secrets, counted by where they come from: a table for each kind.

After a few of one kind within a minute the guesser has to wait for the rest of
it (``reliability.md`` S14).  Bounded: of very many guessers at a kind the one
longest quiet is forgotten, so that guesses at one make none at another forgotten.
It is one process's: behind a load balancer each of n servers grants its own few.
``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from kiosk.roomserver.networks import neighbourhood


_ID_CHARS = 64
"""Of a userID: longer ones are nobody's."""


class Secret(Enum):
    """What is guessed at."""

    PASSWORD = auto()
    TOKEN = auto()
    USER_SIG = auto()
    ENROLMENT_KEY = auto()


_Guesser = tuple[str, str]
_Table = dict[_Guesser, tuple[int, float]]


class Guesses:
    """
    The tables of wrong guesses.

    Args:
        now: Monotonic seconds.
        limit: Guesses within the window after which one waits.
        window_s: Counted from the first of them.
        max_guessers: How many a table remembers.

    """

    def __init__(
        self,
        now: Callable[[], float],
        limit: int = 5,
        *,
        window_s: float = 60.0,
        max_guessers: int = 4096,
    ) -> None:
        self._now = now
        self._limit = limit
        self._window_s = window_s
        self._max_guessers = max_guessers
        self._tables: dict[Secret, _Table] = {secret: {} for secret in Secret}

    def __len__(self) -> int:
        """Return how many guessers are remembered."""
        return sum(map(len, self._tables.values()))

    def wait_s(self, secret: Secret, address: str, user_id: str = "") -> float:
        """
        Return how long this guesser has to wait; 0 for whoever may guess.

        Args:
            secret: What is guessed at.
            address: Where the guess comes from.
            user_id: Whose secret it is, where every user has one.

        """
        guesser = _guesser(address, user_id)
        count, since = self._count(self._tables[secret], guesser)
        waited_s = self._now() - since
        return self._window_s - waited_s if count >= self._limit else 0.0

    def wrong(self, secret: Secret, address: str, user_id: str = "") -> None:
        """Count one wrong guess."""
        table, guesser = self._tables[secret], _guesser(address, user_id)
        count, since = self._count(table, guesser)
        table.pop(guesser, None)
        while len(table) >= self._max_guessers:
            table.pop(next(iter(table)))
        table[guesser] = (count + 1, since)

    def _count(self, table: _Table, guesser: _Guesser) -> tuple[int, float]:
        count, since = table.get(guesser, (0, self._now()))
        if self._now() - since >= self._window_s:
            return 0, self._now()
        return count, since


def _guesser(address: str, user_id: str) -> _Guesser:
    return neighbourhood(address), user_id[:_ID_CHARS]
