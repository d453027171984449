"""
Room ids this server makes, so that it knows each of them again for ever.

An id carries a short mark made with a key of this server.  A room of such an id
that is not there has ended, for all that live are known, so the id is spent and
nobody may open it anew (P7 of ``reliability.md`` 5.2); no list of ended rooms is
needed.  A server that forgot its rooms has a new key and knows none of its old ids:
members may then open their room again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final


_RANDOM_BYTES: Final = 16
_MARK_CHARS: Final = 8
_FORM: Final = re.compile(
    rf"room_(?P<random>[0-9a-f]{{{2 * _RANDOM_BYTES}}})"
    rf"(?P<mark>[0-9a-f]{{{_MARK_CHARS}}})"
)
# 45 characters: the IM cloud takes group ids of up to 48


class RoomIds:
    """
    Makes ids nobody can guess.

    Args:
        key: Kept as long as the rooms are.
        random_bytes: ``secrets.token_bytes``.

    """

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._key = key
        self._random_bytes = random_bytes

    def new(self) -> str:
        """Return an id that was never there before."""
        random = self._random_bytes(_RANDOM_BYTES).hex()
        return f"room_{random}{self._mark(random)}"

    def made(self, room_id: str) -> bool:
        """
        Say whether an id was made here.

        The mark is no secret worth guessing: whoever forges one has made an id
        that he cannot use.
        """
        form = _FORM.fullmatch(room_id)
        return form is not None and self._mark(form["random"]) == form["mark"]

    def _mark(self, random: str) -> str:
        digest = hmac.new(self._key, random.encode("ascii"), hashlib.sha256)
        return digest.hexdigest()[:_MARK_CHARS]
