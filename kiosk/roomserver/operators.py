"""
Who may look into the server: whoever knows the operators' password.

It comes as HTTP basic authentication (any user name) or as a bearer.  Without a
password in the configuration there are no operators.  Guessing is slowed down
per address (``reliability.md`` S14): people choose passwords, so that even the
right one then has to wait.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from kiosk.roomserver.asking import Asked, RouteAbsent
from kiosk.roomserver.guesses import Guesses, Secret


class NotAnOperator(Exception):
    """
    The password is missing or wrong.

    Attributes:
        wait_s: Too many wrong ones came from there: for so long even the right
            one is refused.

    """

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__("not an operator")
        self.wait_s = wait_s


class Operators:
    """
    The door for operators.

    Args:
        password: Empty: nobody is one.
        guesses: Where wrong ones are counted.

    """

    def __init__(self, password: bytes, guesses: Guesses) -> None:
        self._password = password
        self._guesses = guesses

    def admit(self, asked: Asked) -> None:
        """
        Let an operator pass.

        Raises:
            RouteAbsent: There are no operators here.
            NotAnOperator: This is none.

        """
        if not self._password:
            raise RouteAbsent
        wait_s = self._guesses.wait_s(Secret.PASSWORD, asked.address)
        if wait_s:
            raise NotAnOperator(wait_s)
        given = asked.bearer.encode() or _password_in(asked.authorization)
        if hmac.compare_digest(given, self._password):
            return
        if given:  # a browser asks without one first
            self._guesses.wrong(Secret.PASSWORD, asked.address)
        raise NotAnOperator


def _password_in(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return decoded.partition(b":")[2]
