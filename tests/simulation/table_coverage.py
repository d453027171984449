"""Which rows of the call's tables were taken, in which state, and which never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from kiosk.call import events as ev
from kiosk.call.states import Role, State
from kiosk.call.table import Trigger, table_of
from tests.simulation.party import Walked, Wish


Step = tuple[str, State, Trigger]

_NOBODY_PLAYED = (
    "what is played fails at once or not at all, and here nobody is played; without "
    "the row a player that fails late would end the process, not the call"
)
DEFENCES: Mapping[tuple[State, Trigger], str] = {
    (State.WAITING, ev.Failed): _NOBODY_PLAYED,
    (State.BROADCASTING, ev.Failed): _NOBODY_PLAYED,
}
"""Rows that no way leads to, in every table, and why they are there all the same."""
_TABLES = ((Role.KIOSK, False), (Role.KIOSK, True), (Role.AGENT, False))


def all_rows() -> Iterator[Step]:
    """
    Yield every row of every table in every state it exists in.

    CONSENT belongs to kiosks that ask; no row of another table leads there.
    """
    for (role, consent), state in product(_TABLES, State):
        name = Wish("any", role, consent).table
        if state is State.CONSENT and not consent:
            continue
        for trigger in table_of(role, consent=consent)[state]:
            yield name, state, trigger


def reachable_rows() -> list[Step]:
    """Return the rows that a branch can come to."""
    return [step for step in all_rows() if step[1:] not in DEFENCES]


def never_taken(walked: Walked) -> list[str]:
    """Return the reachable rows that were not, in words."""
    return [words_of(step) for step in reachable_rows() if not walked[step]]


def taken_all_the_same(walked: Walked) -> list[str]:
    """Return the rows that no way should lead to and that were taken, in words."""
    return [words_of(step) for step in walked if step[1:] in DEFENCES and walked[step]]


def words_of(step: Step) -> str:
    """Return a row as a line of a report."""
    table, state, trigger = step
    named = trigger.__name__ if isinstance(trigger, type) else trigger.name
    return f"{table}: {state.name} {named}"
