"""
When a login may be tried again that was refused, or that is worth nothing any more.

Two devices with one identity must not push each other out for ever; a server that lost
its memory is told again who we are, as often as it loses it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from kiosk.errors import LoginRefused
from kiosk.room.codes import RoomCode, tells_of_no_login


RELOGIN_S: Final = 60.0
"""At most one login again in so many seconds, where another took our place (R16)."""
REFUSED_S: Final = 15.0
"""How long a refused login is not tried again: a server counts wrong guesses."""

_REFUSED_AGAIN = "refused twice within a minute; is this identity used elsewhere?"


class Refusals:
    """A login that was refused, for as long as it is not tried again."""

    def __init__(self) -> None:
        self._error: LoginRefused | None = None
        self._until = 0.0

    @contextmanager
    def remembered(self, now: float) -> Generator[None, None, None]:
        """Refuse as the last time while it is too early; a refusal is remembered."""
        if self._error is not None and now < self._until:
            raise self._error.with_traceback(None)
        try:
            yield
        except LoginRefused as error:
            self._error, self._until = error, now + REFUSED_S
            raise


class LoginsAgain:
    """
    Logins in the place of one that is worth nothing any more.

    Attributes:
        times_forgotten: How often the server knew of none: it lost its memory, and
            with it every seat.

    """

    def __init__(self) -> None:
        self._took_our_place_back_at = -RELOGIN_S
        self.times_forgotten = 0

    def refuse_too_soon(self, now: float, why: LoginRefused) -> None:
        """
        Judge one that is to come.

        Raises:
            LoginRefused: Somebody else has our place, and was pushed out of it just now.

        """
        is_soon = now - self._took_our_place_back_at < RELOGIN_S
        if is_soon and not tells_of_no_login(why):
            raise LoginRefused("login", int(RoomCode.AUTH_FAILED), _REFUSED_AGAIN)

    def note(self, now: float, why: LoginRefused) -> None:
        """Note one that was taken."""
        if tells_of_no_login(why):
            self.times_forgotten += 1
        else:
            self._took_our_place_back_at = now
