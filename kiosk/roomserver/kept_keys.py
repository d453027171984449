"""Secret keys by name, made once and the same in every life and process."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.room.fields import Fields
from kiosk.roomserver.store_ledger import Ledger, Shelf


_KEY_BYTES = 32


class KeptKeys:
    """
    The keys of one memory; asked in a turn.

    Args:
        ledger: Where they are kept.
        random_bytes: ``secrets.token_bytes``.

    """

    def __init__(self, ledger: Ledger, random_bytes: Callable[[int], bytes]) -> None:
        self._ledger = ledger
        self._random_bytes = random_bytes

    def key(self, name: str) -> bytes:
        """Return the key of a name, or make it."""
        for known, fact in self._ledger.facts(Shelf.KEY):
            if known == name:
                return bytes.fromhex(Fields(fact).text("hex"))
        secret = self._random_bytes(_KEY_BYTES)
        self._ledger.note(Shelf.KEY, name, {"hex": secret.hex()})
        return secret
