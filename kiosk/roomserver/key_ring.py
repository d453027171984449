"""
The keys that sign tickets: one signs, and the one before it is still believed.

A new key takes over every ``rotate_s``; the old one stays good until the next does,
which is longer than any stream admitted under it lives, so no call ends for it.  A
key that is revoked is gone at once, and what it admitted with it.  Keys outlive the
process in the ledger; of several processes the first whose time has come rotates.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from kiosk.room.fields import BadRequest, Fields
from kiosk.room.stream_ticket import TicketKey, new_key
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.store_ledger import Ledger, Shelf


log = logging.getLogger(__name__)

LIVE_KEYS: Final = 2


class KeyRing:
    """
    The live keys of one server, the newest last.

    Args:
        random_bytes: ``secrets.token_bytes``.
        ledger: Where keys outlive the process.
        rotate_s: How long a key signs; 0: until it is told otherwise.

    """

    def __init__(
        self,
        random_bytes: Callable[[int], bytes],
        clock: ServerClock,
        ledger: Ledger,
        *,
        rotate_s: float,
    ) -> None:
        self._random_bytes = random_bytes
        self._clock = clock
        self._ledger = ledger
        self._rotate_s = rotate_s
        self._keys: list[TicketKey] = []
        """In the order of their making."""
        self._made: dict[str, int] = {}
        self._began = clock.monotonic()
        self._recall()
        if not self._keys:
            self._make()

    @property
    def signing(self) -> TicketKey:
        """The key that signs now."""
        return self._keys[-1]

    @property
    def kids(self) -> tuple[str, ...]:
        """The names of the live keys, that of the signing one first."""
        return tuple(key.kid for key in reversed(self._keys))

    def find(self, kid: str) -> TicketKey | None:
        """Return a live key."""
        return next((key for key in self._keys if key.kid == kid), None)

    def rotate(self) -> None:
        """Let a new key sign; the one before the last is good no more."""
        self._make()
        for old in self._keys[:-LIVE_KEYS]:
            self._drop(old)
        log.info("stream key changed", extra={"kid": self.signing.kid})

    def revoke(self, kid: str) -> bool:
        """Void a key at once; say whether it was live."""
        key = self.find(kid)
        if key is None:
            return False
        if key is self.signing:
            self._make()
        self._drop(key)
        log.warning("stream key revoked", extra={"kid": kid})
        return True

    def sweep(self) -> None:
        """Rotate when it is time."""
        age = self._clock.monotonic() - self._began
        if self._rotate_s and age >= self._rotate_s:
            self.rotate()

    def take_in(self, kid: str, fact: Wire | None) -> None:
        """Be as another process, or a turn taken back, has a key; None: drop it."""
        self._keys = [key for key in self._keys if key.kid != kid]
        self._made.pop(kid, None)
        if fact is not None:
            self._keys.append(_key_of(kid, fact))
            self._made[kid] = Fields(fact).count("made")
        # A key that comes back with a turn taken back is not the newest.
        self._keys.sort(key=lambda key: self._made[key.kid])
        if fact is not None and self.signing.kid == kid:
            self._began = self._clock.monotonic()
        else:
            self._count_from_newest()

    def _make(self) -> None:
        key = new_key(self._random_bytes)
        while self.find(key.kid) is not None:
            key = new_key(self._random_bytes)
        made = int(self._clock.unix())
        if self._keys:  # the newest counts as that whatever the clock did
            made = max(made, self._made[self._keys[-1].kid])
        self._keys.append(key)
        self._made[key.kid] = made
        self._began = self._clock.monotonic()
        fact: Wire = {"push": key.push.hex(), "play": key.play.hex(), "made": made}
        self._ledger.note(Shelf.TICKET_KEY, key.kid, fact)

    def _drop(self, key: TicketKey) -> None:
        self._keys.remove(key)
        del self._made[key.kid]
        self._ledger.strike(Shelf.TICKET_KEY, key.kid)

    def _recall(self) -> None:
        """Take in the keys of an earlier life; a damaged one is left out."""
        for kid, fact in self._ledger.facts(Shelf.TICKET_KEY):
            try:
                key, made = _key_of(kid, fact), Fields(fact).count("made")
            except (BadRequest, ValueError):
                log.error("stream key left out", extra={"kid": kid})  # noqa: TRY400 -- its text would quote the key
                self._ledger.strike(Shelf.TICKET_KEY, kid)
            else:
                self._keys.append(key)
                self._made[kid] = made
        self._keys.sort(key=lambda key: self._made[key.kid])
        for old in self._keys[:-LIVE_KEYS]:
            self._drop(old)
        if self._keys:
            self._count_from_newest()

    def _count_from_newest(self) -> None:
        """Let the newest key's time run; of its age only so much is believed."""
        made = self._made[self._keys[-1].kid] if self._keys else 0
        age = min(max(self._clock.unix() - made, 0.0), self._rotate_s)
        self._began = self._clock.monotonic() - age


def _key_of(kid: str, fact: Wire) -> TicketKey:
    fields = Fields(fact)
    push, play = (bytes.fromhex(fields.text(name)) for name in ("push", "play"))
    return TicketKey(kid, push, play)
