"""
Answers to requests that may be repeated: the same request id has its effect once (P12).

A client whose answer was lost sends the request again under the same id, and is
given the first answer.  The id counts for one caller, route and body only: whoever
has learnt an id is given nothing by it.  Refusals are not kept; they had no effect.
Bounded per caller, in all and in time, which is far beyond the patience of clients.
``now`` is monotonic seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import Wire, dump_json
from kiosk.roomserver.store_ledger import Ledger, Shelf


KEEP_S: Final = 60.0
MAX_ANSWERS: Final = 8192
MAX_PER_CALLER: Final = 16


@dataclass(frozen=True, slots=True)
class _Kept:
    who: str
    answer: Wire
    until: float


def name_of(who: str, route: str, request_id: str, body: Wire) -> str:
    """Return the name under which the answer to a request is kept."""
    parts = (who.encode(), route.encode(), request_id.encode(), dump_json(body))
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hashlib.sha256(whole).hexdigest()


class KeptAnswers:
    """
    The table of answers, the oldest first.

    Args:
        ledger: Where they outlive the process.

    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[str, _Kept] = {}
        self._by_caller: dict[str, list[str]] = {}

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._kept)

    def find(self, name: str, now: float) -> Wire | None:
        """Return the answer to an earlier request of this name."""
        kept = self._kept.get(name)
        return kept.answer if kept is not None and now < kept.until else None

    def keep(self, who: str, name: str, answer: Wire, now: float) -> None:
        """Keep an answer; the caller's oldest goes when there are many."""
        self._drop(name)
        mine = self._by_caller.get(who, [])
        if len(mine) >= MAX_PER_CALLER:
            self._drop(mine[0])
        elif len(self._kept) >= MAX_ANSWERS:
            self._drop(next(iter(self._kept)))
        self._put(name, _Kept(who, answer, now + KEEP_S))
        self._ledger.note(Shelf.ANSWER, name, {"who": who, "answer": answer})

    def recall(self, now: float) -> None:
        """Take in what an earlier life answered; one that is damaged is left out."""
        for name, fact in self._ledger.facts(Shelf.ANSWER):
            try:
                self.take_in(name, fact, now)
            except BadRequest:
                self._ledger.strike(Shelf.ANSWER, name)

    def take_in(self, name: str, fact: Wire | None, now: float) -> None:
        """Have an answer as it was noted; None: forget it."""
        self._forget(name)
        if fact is not None:
            fields = Fields(fact)
            who, answer = fields.text("who"), fields.mapping("answer")
            self._put(name, _Kept(who, answer, now + KEEP_S))

    def sweep(self, now: float) -> None:
        """Forget what nobody will ask for any more."""
        for name, kept in tuple(self._kept.items()):
            if kept.until <= now:
                self._drop(name)

    def _put(self, name: str, kept: _Kept) -> None:
        self._kept[name] = kept
        self._by_caller.setdefault(kept.who, []).append(name)

    def _drop(self, name: str) -> None:
        if self._forget(name):
            self._ledger.strike(Shelf.ANSWER, name)

    def _forget(self, name: str) -> bool:
        kept = self._kept.pop(name, None)
        if kept is None:
            return False
        mine = self._by_caller[kept.who]
        mine.remove(name)
        if not mine:
            del self._by_caller[kept.who]
        return True
