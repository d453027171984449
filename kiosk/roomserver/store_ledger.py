"""
What a room server writes down so that it outlives the process, by shelves.

A fact is one small JSON object under a name.  The tables (rooms, grants,
sessions) stay in memory and are the truth of the process; they note each change
here.  Whoever asks the tables does it in a *turn*: its result is handed out when
everything noted in it is written, so nothing is ever acknowledged that a restart
would not know.  A ledger that several processes share gives the turn to one of
them at a time and tells the tables first what the others changed (rules):

1. A table's state follows from the facts: given one by :meth:`Tables.take_in`
   it is as if it had noted that itself.
2. What a change means outside the tables (waits that end, streams that are cut)
   happens in :meth:`Tables.follow_up`, once it is written, in every process.
3. What runs in a turn has no other effect, and may be run again.
4. Facts tell no time: whoever takes one in counts from that moment.  So clocks
   are never compared, a jump of one changes nothing, and a process that was
   away is too patient rather than too strict (``reliability.md`` P4, P10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from kiosk.room.wire_json import Wire
from kiosk.roomserver.pending import Pending


T = TypeVar("T")


class Shelf(Enum):
    """What a fact is about; the value is how a store names it for good."""

    ROOM = "room"
    GRANT = "grant"
    SESSION = "session"
    ENROLMENT = "enrolment"
    KEY = "key"
    TICKET_KEY = "ticket_key"
    STRAY = "stray"
    ANSWER = "answer"
    """To a request that may come again."""
    FAREWELL = "farewell"
    MARK = "mark"
    PLACE = "place"
    """Somebody's place in the queue for seats."""
    EVENT = "event"
    """Of a room; only told. Struck: what was told of it last is void."""
    HEARD = "heard"
    """A member lives; only told."""
    REPORT = "report"
    """A kiosk's last report; only told."""
    BELL = "bell"
    """Waits that are to end though no fact changed; only told."""
    CUT = "cut"
    """A stream is to end; only told."""

    __hash__ = object.__hash__
    """There is one of each; Enum's own hash is a call in Python."""

    @property
    def is_kept(self) -> bool:
        """Whether a fact stays; others are told to every process and forgotten."""
        return self not in _TOLD


_TOLD = frozenset({Shelf.EVENT, Shelf.HEARD, Shelf.REPORT, Shelf.BELL, Shelf.CUT})


class StoreAway(Exception):
    """The store is out of reach or out of breath: nothing may be changed or told."""


@dataclass(frozen=True, slots=True)
class StoreLoad:
    """
    What a store has before it.

    Attributes:
        waiting: What is not written yet: changes of a file, else acts.
        refused: How many were told :exc:`StoreAway` since the start.

    """

    waiting: int = 0
    refused: int = 0


class Tables(Protocol):
    """What a ledger keeps the facts of."""

    def take_in(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Be as the fact says; None: it is struck. Not while a turn runs."""
        ...

    def follow_up(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Do outside the tables what a written change means there."""
        ...

    def missed(self) -> None:
        """
        Make up for what was only told, and not to this process.

        Whoever may have been heard elsewhere counts as heard now; every wait ends.
        """
        ...


class Turns(Protocol):
    """Who lets the tables be asked."""

    async def turn(self, act: Callable[[], T]) -> T:
        """
        Run this in a turn; return its result when all it noted is written.

        It must not wait for anything, and may be run again.

        Raises:
            StoreAway: After a short while, if there is no turn to be had; at once,
                if too much waits for one already.

        """
        ...

    def at_once(self, act: Callable[[], T]) -> T | Pending[T]:
        """
        Run this as :meth:`turn` does, at once if nothing has to be waited for.

        What it raises here tells nobody anything: it is not waited for.
        """
        ...

    def post(self, act: Callable[[], object]) -> None:
        """
        Run this in a turn, at once or as soon as there is one.

        It is as for :meth:`turn`, but nobody is told what came of it, and it is
        never refused: for what happened and cannot be taken back.  Whoever posts
        sees to it that this is bounded (one for each stream that ended, say).
        """
        ...


class Ledger(Turns, Protocol):
    """Keeps facts; all methods belong to the event loop."""

    @property
    def boot(self) -> str:
        """
        ``<era>.<count>``: which memory this is, and how often it was opened.

        A larger count of the same era is a restart that forgot nothing; another
        era has forgotten everything.
        """
        ...

    @property
    def is_late(self) -> bool:
        """Whether the store fails to keep up: a crash now would lose something."""
        ...

    @property
    def is_away(self) -> bool:
        """Whether there is no turn to be had now."""
        ...

    @property
    def load(self) -> StoreLoad:
        """Return what waits and what was refused."""
        ...

    def serve(self, tables: Tables) -> None:
        """Tell these tables what becomes of facts from now on."""
        ...

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return what the tables are to begin with, oldest first."""
        ...

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Keep a fact; one of the same name is replaced in its place."""
        ...

    def strike(self, shelf: Shelf, name: str) -> None:
        """Forget a fact; unknown ones are fine."""
        ...


class ForgetfulLedger:
    """Keeps nothing: for a server whose rooms may die with it."""

    def __init__(self, era: str = "memory") -> None:
        self._boot = f"{era}.1"
        self._tables: Tables | None = None

    @property
    def boot(self) -> str:
        """Return an era that nothing outlives."""
        return self._boot

    @property
    def is_late(self) -> bool:
        """Say no: nothing is ever waited for."""
        return False

    @property
    def is_away(self) -> bool:
        """Say no: it is always this process's turn."""
        return False

    @property
    def load(self) -> StoreLoad:
        """Say that nothing waits."""
        return StoreLoad()

    def serve(self, tables: Tables) -> None:
        """Tell these tables."""
        self._tables = tables

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return nothing."""
        return ()

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Forget it."""
        if self._tables is not None:
            self._tables.follow_up(shelf, name, fact)

    def strike(self, shelf: Shelf, name: str) -> None:
        """Have nothing to forget."""
        if self._tables is not None:
            self._tables.follow_up(shelf, name, None)

    async def turn(self, act: Callable[[], T]) -> T:
        """Run it: it is always this process's turn."""
        return act()

    def at_once(self, act: Callable[[], T]) -> T | Pending[T]:
        """Run it."""
        return act()

    def post(self, act: Callable[[], object]) -> None:
        """Run it."""
        act()
