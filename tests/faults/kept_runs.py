"""
The lines of ``faults-out/runs.jsonl``: what has run, on which tree, and what is to come.

A campaign that was cut short goes on where it was, on the same commit; a run that failed
is repeated once, and its line says why it failed at first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.faults.running import Result


OUT: Final = Path(__file__).parents[2] / "faults-out"
RUNS: Final = OUT / "runs.jsonl"
MOST: Final = 2
"""Attempts of a run in a campaign."""

Line = Mapping[str, Any]
Key = tuple[str, str, bool, int]
"""Row, state, whether all durations were the product's own, and the seed."""


def read_runs(file: Path = RUNS) -> dict[Key, Line]:
    """Return the newest line of each run, of those whose bounds were not stretched."""
    newest: dict[Key, Line] = {}
    if file.exists():
        for text in file.read_text("utf-8").splitlines():
            line = json.loads(text)
            if line.get("patience", 1.0) == 1.0:
                key = line["id"], line["state"], line["full_scale"], line["seed"]
                newest[key] = line
    return newest


class KeptRuns:
    """
    What is known before a campaign, and what it adds.

    Args:
        commit: The tree that runs.
        file: Where the lines are.
        is_anew: Nothing that ran before counts.

    """

    def __init__(
        self, commit: str, file: Path = RUNS, *, is_anew: bool = False
    ) -> None:
        self._file = file
        self._commit = commit
        is_known = not is_anew and not commit.endswith("-dirty")
        before = read_runs(file) if is_known else {}
        self._lines = {
            key: line for key, line in before.items() if line.get("commit") == commit
        }

    def is_done(self, key: Key) -> bool:
        """Whether that run needs no further attempt."""
        line = self._lines.get(key)
        return line is not None and (
            line["verdict"] == "survived" or line["attempt"] >= MOST
        )

    def failed_at_first(self, key: Key) -> list[str]:
        """Return why the attempt before failed; empty: there was none."""
        line = self._lines.get(key)
        if line is None or line["verdict"] == "survived":
            return []
        return [*line["why"], *line["breaches"]] or ["?"]

    def note(self, result: Result, stamp: Mapping[str, Any]) -> None:
        """Add a line."""
        key = result.id, result.state, result.full_scale, result.seed
        first = self.failed_at_first(key)
        line = {
            **result.line,
            **stamp,
            "commit": self._commit,
            "attempt": MOST if first else 1,
            "failed_at_first": first,
        }
        self._lines[key] = line
        self._file.parent.mkdir(exist_ok=True)
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
