"""
Tickets used outside their own times: clocks may differ, but each is let in once.

Clocks of two servers differ by seconds, a kiosk's journey takes some more; that is
borne up to :data:`~kiosk.room.stream_url.CLOCK_TOLERANCE_S`.  So that this makes no
ticket good for longer, one that is early or late connects a single time.  Bounded:
above the bound nobody's clock is borne, and tickets in time still work.
"""

from __future__ import annotations

from typing import Final

from kiosk.room.fields import Fields
from kiosk.room.stream_ticket import Ticket
from kiosk.room.stream_url import CLOCK_TOLERANCE_S
from kiosk.room.wire_json import Wire
from kiosk.roomserver.store_ledger import Ledger, Shelf


MAX_STRAYS: Final = 4096


class Strays:
    """
    Numbers of tickets that came early or late; ``now`` is unix seconds.

    Args:
        ledger: Where they outlive the process.

    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._good_until: dict[str, int] = {}
        for jti, fact in ledger.facts(Shelf.STRAY):
            self.take_in(jti, fact)

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._good_until)

    def take_in(self, jti: str, fact: Wire | None) -> None:
        """Know of a ticket what was noted; None: forget it."""
        if fact is None:
            self._good_until.pop(jti, None)
        else:
            self._good_until[jti] = Fields(fact).optional_count("until")

    def admit(self, ticket: Ticket, now: float) -> bool:
        """Let a ticket in that is outside its own times, the first time it comes."""
        if ticket.jti in self._good_until or len(self._good_until) >= MAX_STRAYS:
            return False
        until = ticket.expires + CLOCK_TOLERANCE_S
        self._good_until[ticket.jti] = until
        self._ledger.note(Shelf.STRAY, ticket.jti, {"until": until})
        return True

    def sweep(self, now: float) -> None:
        """Forget what no tolerance reaches any more."""
        for jti, until in tuple(self._good_until.items()):
            if until < now:
                del self._good_until[jti]
                self._ledger.strike(Shelf.STRAY, jti)
