"""
How often one login may ask, and how often anybody may guess wrong.

Secrets of ours (tokens, userSigs) are random or signed, so the right one always
passes and only wrong ones have to wait: nobody can shut another out by guessing
in his name.  Counted in this process alone.  How often one *address* may ask is
the border's (:mod:`kiosk.roomserver.admission`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.roomserver.admission import BURST_S
from kiosk.roomserver.asking import TooOften
from kiosk.roomserver.guesses import Guesses, Secret
from kiosk.roomserver.pace import Pace


_MAX_IDENTITIES = 20_000
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """
    What one login, or one guesser, is granted.

    Attributes:
        requests_per_identity: A second on average; heartbeats are not counted.
        guesses: Wrong ones a minute, of each kind of secret from each address.

    """

    requests_per_identity: float = 20.0
    guesses: int = 5


class Rates:
    """
    Counts requests by login and wrong guesses by guesser.

    Args:
        now: Monotonic seconds.

    Attributes:
        guesses: Every wrong guess at this server.

    """

    def __init__(self, limits: RateLimits, now: Callable[[], float]) -> None:
        per_s = limits.requests_per_identity
        self._now = now
        self._pace = Pace(per_s, _MAX_IDENTITIES, burst=per_s * BURST_S)
        self.guesses = Guesses(now, limits.guesses)

    def refuse_flood(self, user_id: str) -> None:
        """
        Count a request of a login.

        Raises:
            TooOften: It comes too soon after too many others.

        """
        if not self._pace.allows(user_id, self._now()):
            raise TooOften(_PAUSE_S)

    def refuse_guess(self, secret: Secret, address: str, user_id: str) -> None:
        """
        Count a wrong secret; a few are just wrong.

        Raises:
            TooOften: It is one too many.

        """
        wait_s = self.guesses.wait_s(secret, address, user_id)
        if wait_s:
            raise TooOften(wait_s)
        self.guesses.wrong(secret, address, user_id)
