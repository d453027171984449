"""
The parts of docs/developer.md that are made, not written: ``python -m tests.repo.readme_parts``.

The state diagram is drawn from the table, the sample is a file that a test runs.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from kiosk.call.events import Standing, Timer
from kiosk.call.states import State
from kiosk.call.table import CONSENT_FIRST, KIOSK, Trigger


ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "developer.md"
SAMPLE = ROOT / "tests" / "e2e" / "rtcroom_sample.py"
DIAGRAM_MARKS = ("<!-- state diagram -->", "<!-- end of state diagram -->")
SAMPLE_MARKS = ("<!-- sample -->", "<!-- end of sample -->")


def name_of(trigger: Trigger) -> str:
    """Return how the diagram calls a trigger."""
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
    for state, rows in CONSENT_FIRST.items():
        for trigger, row in rows.items():
            arrows[state, row.target].append(f"{name_of(trigger)} (consent)")
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> OUT_OF_SERVICE"]
    lines += [
        f"  {source.name} --> {target.name}: {', '.join(triggers)}"
        for (source, target), triggers in arrows.items()
    ]
    return "\n".join([*lines, "```"])


def sample() -> str:
    """Return the sample as a code block, without the linter's marks."""
    lines = SAMPLE.read_text(encoding="utf-8").rstrip().splitlines()
    return "\n".join(["```python", *(li.split("  # noqa")[0] for li in lines), "```"])


def part(text: str, marks: tuple[str, str]) -> str:
    """Return what stands between two marks."""
    return text[text.index(marks[0]) + len(marks[0]) : text.index(marks[1])].strip()


def renewed(text: str) -> str:
    """Return the page with both parts made anew."""
    for marks, made in ((DIAGRAM_MARKS, diagram()), (SAMPLE_MARKS, sample())):
        begin = text.index(marks[0]) + len(marks[0])
        text = f"{text[:begin]}\n{made}\n{text[text.index(marks[1]) :]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
