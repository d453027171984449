"""Draws the README's state diagram from the table: ``python -m tests.repo.state_diagram``."""

from __future__ import annotations

from collections import defaultdict

from kiosk.call.events import Standing, Timer
from kiosk.call.states import State
from kiosk.call.table import KIOSK, Trigger


BEGIN = "<!-- state diagram: python -m tests.repo.state_diagram -->"
END = "<!-- end of state diagram -->"


def name_of(trigger: Trigger) -> str:
    if isinstance(trigger, Timer):
        return f"{trigger.name.lower()} deadline"
    if isinstance(trigger, Standing):
        return f"stream moved, {trigger.name.lower().replace('_', ' ')}"
    return trigger.__name__


def diagram() -> str:
    """Return the Mermaid text: one arrow for all triggers between two states."""
    arrows: dict[tuple[State, State], list[str]] = defaultdict(list)
    for state, rows in KIOSK.items():
        for trigger, row in rows.items():
            if row.target is not state:
                arrows[state, row.target].append(name_of(trigger))
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> OUT_OF_SERVICE"]
    lines += [
        f"  {source.name} --> {target.name}: {', '.join(triggers)}"
        for (source, target), triggers in arrows.items()
    ]
    return "\n".join([BEGIN, *lines, "```", END])


if __name__ == "__main__":
    print(diagram())  # noqa: T201 -- a command
