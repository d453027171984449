"""
Every small mistake there could be in the call's table, one at a time.

A row may be missing, lead anywhere else, or order one thing less.  A mutant is put
into the tables of this process, for good: whoever does that is a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from kiosk.call import table
from kiosk.call.states import State
from kiosk.call.table import Row, Trigger
from tests.call.table_in_words import built, name_of


_SOURCES: dict[str, Any] = {
    "kiosk": table.KIOSK,
    "agent": table._AGENT,
    "asking": table.CONSENT_FIRST,
}


@dataclass(frozen=True, slots=True)
class TableMutant:
    """
    One mistake.

    Attributes:
        source: Of which table.
        target: Where the row leads instead, if that is the mistake.
        dropped: Which of its orders is missing, if that is.

    """

    source: str
    state: State
    trigger: Trigger
    target: State | None = None
    dropped: int | None = None

    @override
    def __str__(self) -> str:
        row = f"{self.source}: {self.state.name} {name_of(self.trigger)}"
        if self.target is not None:
            return f"{row} leads to {self.target.name}"
        if self.dropped is not None:
            return f"{row} without {built(self.trigger, self._row)[self.dropped]}"
        return f"{row} is missing"

    @property
    def _row(self) -> Row:
        row: Row = _SOURCES[self.source][self.state][self.trigger]
        return row

    def commit(self) -> None:
        """Make the mistake."""
        row, rows = self._row, _SOURCES[self.source][self.state]
        changed = self._changed(row)
        agent: Any = table.AGENT[self.state]
        if self.source == "asking":
            _replace(rows, self.trigger, changed)
            return
        if self.source == "kiosk":
            _replace(rows, self.trigger, changed)
            if self.trigger in table._AGENT.get(self.state, {}):
                return  # the agent's own row stands
        elif changed is None:
            changed = table.KIOSK[self.state].get(self.trigger)
        _replace(agent, self.trigger, changed)

    def _changed(self, row: Row) -> Row | None:
        if self.target is not None:
            return Row(row.build, self.target)
        if self.dropped is None:
            return None
        dropped = self.dropped

        def build(event: Any, call: int) -> Any:
            todo = row.build(event, call)
            return (*todo[:dropped], *todo[dropped + 1 :])

        return Row(build, row.target)


def _replace(rows: Any, trigger: Trigger, row: Row | None) -> None:
    if row is None:
        rows.pop(trigger, None)
    else:
        rows[trigger] = row


def all_mutants() -> Iterator[TableMutant]:
    """Yield every mistake."""
    for source, found in _SOURCES.items():
        for state, rows in found.items():
            for trigger, row in rows.items():
                yield TableMutant(source, state, trigger)
                for target in State:
                    if target is not row.target:
                        yield TableMutant(source, state, trigger, target=target)
                for number in range(len(built(trigger, row))):
                    yield TableMutant(source, state, trigger, dropped=number)
