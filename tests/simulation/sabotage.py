"""
Parts of the product, broken on purpose: so that the oracle is known to bite.

Each sabotages a process that is about to begin, or the server it will ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Timer
from kiosk.call.states import State
from kiosk.call.table import Row, Trigger
from tests.simulation.party import Life
from tests.simulation.server import Server


Sabotage = Callable[[Life, Server], None]
_Change = Callable[[Row], Row | None]


def _row(state: State, trigger: Trigger, change: _Change) -> Sabotage:
    """Return a sabotage of one row of the table."""

    def sabotage(life: Life, _: Server) -> None:
        rows: dict[Trigger, Row] = dict(life.daemon._machine._rows[state])
        changed = change(rows.pop(trigger))
        if changed is not None:
            rows[trigger] = changed
        life.daemon._machine._rows = {**life.daemon._machine._rows, state: rows}

    return sabotage


def _without(kind: type[do.Command]) -> _Change:
    """Return a change that has a row order nothing of a kind."""

    def change(row: Row) -> Row:
        def build(event: Any, call: int) -> tuple[do.Command, ...]:
            return tuple(c for c in row.build(event, call) if not isinstance(c, kind))

        return Row(build, row.target)

    return change


def _nobody_is_late(_: Life, server: Server) -> None:
    if server.core is not None:
        server.core.rooms.attendance.is_late = lambda *_: False  # type: ignore[method-assign]


SABOTAGES: Final[Mapping[str, tuple[Sabotage, str]]] = {
    "camera": (_row(State.IN_CALL, ev.HangupPressed, _without(do.StopMedia)), "camera"),
    "screen": (_row(State.RESERVING, ev.HangupPressed, _without(do.Show)), "shows"),
    "timer": (_row(State.WAITING, ev.PeerJoined, _without(do.ClearTimer)), "timer"),
    "row": (_row(State.IN_CALL, ev.HangupPressed, lambda _: None), "died"),
    "target": (
        _row(State.ENDED, Timer.ENDED, lambda row: Row(row.build, State.CONSENT)),
        "CONSENT shows idle",
    ),
    "ghost": (_nobody_is_late, "listed"),
}
"""By name: what is done, and which words of a broken invariant tell of it."""
