"""What a soak made so far, a JSON line each: it can be interrupted and goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.soak.calls import Outcome
from tests.soak.site import Held
from tests.soak.troubles import Trouble


class Notebook:
    """
    The lines of one soak.

    Args:
        file: Where they are kept.
        seed: Of the troubles; lines of another seed are another soak's.
        anew: Forget what is there.

    """

    def __init__(self, file: Path, seed: int, *, anew: bool = False) -> None:
        self.seed = seed
        self._file = file
        self._began = time.monotonic()
        file.parent.mkdir(exist_ok=True)
        old = [] if anew or not file.exists() else file.read_text("utf-8").splitlines()
        lines = [json.loads(line) for line in old]
        self.lines = lines if lines and lines[0] == {"seed": seed} else []
        if not self.lines:
            file.unlink(missing_ok=True)
            self._note({"seed": seed})

    @property
    def made(self) -> list[dict[str, Any]]:
        """The calls."""
        return [line for line in self.lines if "call" in line]

    @property
    def calls(self) -> int:
        """How many were made."""
        return len(self.made)

    @property
    def sizes(self) -> list[list[tuple[float, float]]]:
        """Calls made and MB, of one kiosk process after the other."""
        processes: list[list[tuple[float, float]]] = []
        for line in self.lines:
            if "before" in line:
                processes.append([])
            if "rss_mb" in line:
                processes[-1].append((line["calls"], line["rss_mb"]))
        return processes

    @property
    def ends(self) -> list[dict[str, Any]]:
        """What was held before and after, of each process that came to its end."""
        ends: list[dict[str, Any]] = []
        before: dict[str, Any] = {}
        for line in self.lines:
            if "before" in line:
                before = line
            if "after" in line:
                ends.append({**before, **line})
        return ends

    def note_call(self, number: int, trouble: Trouble, outcome: Outcome) -> None:
        """Note what came of a call."""
        self._note(
            {
                "call": number,
                "trouble": trouble.name,
                "when": trouble.when.name,
                "result": outcome.result,
                "why": outcome.why,
                "seconds": round(outcome.seconds, 2),
            }
        )

    def note_size(self, rss_mb: float, held: Held) -> None:
        """Note what the idle kiosk occupies, and when a thread or descriptor came."""
        line = {"calls": self.calls, "rss_mb": round(rss_mb, 3)}
        at_s = round(time.monotonic() - self._began, 1)
        self._note({**line, "at_s": at_s, "held": [held.threads, held.descriptors]})

    def begin_process(self, held: Held) -> None:
        """Note what a new kiosk holds after its first call."""
        self._note({"before": [held.threads, held.descriptors]})

    def end_process(self, held: Held, open_ones: list[str]) -> None:
        """Note what it holds in the end, by name where that is something else."""
        told = [*open_ones, *(f"thread {name}" for name in held.names)]
        after = [held.threads, held.descriptors]
        self._note({"after": after, "open": told if open_ones else []})

    def _note(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
