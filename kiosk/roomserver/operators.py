"""
Who may look into the server: whoever knows the operators' password.

It comes as HTTP basic authentication (any user name) or as a bearer.  Without a
password in the configuration there are no operators.  Guessing is slowed down
per address (``reliability.md`` S14).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable

from kiosk.roomserver.asking import Asked, RouteAbsent


_GUESSES = 5
_WINDOW_S = 60.0
_MAX_ADDRESSES = 1024


class NotAnOperator(Exception):
    """
    The password is missing or wrong.

    Attributes:
        wait: Too many wrong ones came from there; even the right one waits.

    """

    def __init__(self, *, wait: bool) -> None:
        super().__init__("not an operator")
        self.wait = wait


class Operators:
    """
    The door for operators.

    Args:
        password: Empty: nobody is one.
        now: Monotonic seconds.

    """

    def __init__(self, password: bytes, now: Callable[[], float]) -> None:
        self._password = password
        self._now = now
        self._wrong: dict[str, tuple[int, float]] = {}

    def admit(self, asked: Asked) -> None:
        """
        Let an operator pass.

        Raises:
            RouteAbsent: There are no operators here.
            NotAnOperator: This is none.

        """
        if not self._password:
            raise RouteAbsent
        count, since = self._wrong.get(asked.address, (0, self._now()))
        if self._now() - since > _WINDOW_S:
            count, since = 0, self._now()
        if count >= _GUESSES:
            raise NotAnOperator(wait=True)
        given = _password_in(asked.authorization)
        if hmac.compare_digest(given, self._password):
            return
        if given:  # a browser asks without one first
            self._note(asked.address, count + 1, since)
        raise NotAnOperator(wait=False)

    def _note(self, address: str, count: int, since: float) -> None:
        self._wrong.pop(address, None)
        while len(self._wrong) >= _MAX_ADDRESSES:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[address] = (count, since)


def _password_in(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip().encode("utf-8", errors="replace")
        case "basic":
            try:
                decoded = base64.b64decode(value.strip(), validate=True)
            except (binascii.Error, ValueError):
                return b""
            return decoded.partition(b":")[2]
        case _:
            return b""
