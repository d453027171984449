"""
Which mutants are no mistakes.

Of the table those that leave out what is so already.  Rows say "no such timer" and "no stream" also where none can run: it is easier to see
that they say it always.  Whoever leaves such a word out changes nothing that anybody
could notice; here that is tried out, in all that can happen, and not believed.  Of the pure
packages those that somebody read and named in ``equal.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from kiosk.call import commands as do
from kiosk.call import table
from kiosk.call.states import Role
from tests.call.seen_kiosk import Step, steps, trigger_of
from tests.mutation.mutator import Mistake
from tests.mutation.table_mutants import TableMutant


_SAFE_TO_REPEAT = do.ClearTimer | do.StopMedia | do.LeaveRoom | do.StopPlaying
_TABLES = (
    (("kiosk",), Role.KIOSK, False),
    (("kiosk", "asking"), Role.KIOSK, True),
    (("kiosk", "agent"), Role.AGENT, False),
)


def reason_of(mutant: TableMutant) -> str:
    """Return why a mutant is no mistake; an empty text where it is one."""
    if mutant.dropped is None:
        return ""
    taken = list(_taken(mutant))
    if not taken or not all(_is_so_already(mutant.dropped, step) for step in taken):
        return ""
    return f"so already, each of the {len(taken)} times it can be ordered"


def _is_so_already(dropped: int, step: Step) -> bool:
    before, event, after = step
    command = after.ordered[dropped]
    if isinstance(command, do.Show):
        return before.shown == command
    without = before.after(event, without=dropped)
    return isinstance(command, _SAFE_TO_REPEAT) and (
        without.situation == after.situation
    )


def _taken(mutant: TableMutant) -> Iterator[Step]:
    """Yield each step there can be that takes the mutant's row."""
    for sources, role, consent in _TABLES:
        if mutant.source not in sources or _is_another(mutant, sources[-1]):
            continue
        for step in steps(role, consent):
            before, event, _ = step
            if (before.state, trigger_of(event)) == (mutant.state, mutant.trigger):
                yield step


def _is_another(mutant: TableMutant, source: str) -> bool:
    """Say whether a table has a row of its own in this place."""
    own = {"agent": table._AGENT, "asking": table.CONSENT_FIRST}.get(source, {})
    return mutant.source == "kiosk" and mutant.trigger in own.get(mutant.state, {})


def reason_of_mistake(mistake: Mistake) -> str:
    """Return why a mistake in a pure package is none; an empty text where it is one."""
    return named().get(words_of(mistake), "")


def words_of(mistake: Mistake) -> str:
    """Return a mistake as ``equal.toml`` names it: without its line."""
    return f"{mistake.file} {mistake.kind}: {mistake.words}"


@cache
def named() -> Mapping[str, str]:
    """Return the reasons in ``equal.toml`` by mistake."""
    text = Path(__file__).with_name("equal.toml").read_text(encoding="utf-8")
    reasons: dict[str, str] = tomllib.loads(text)["equal"]
    return reasons
