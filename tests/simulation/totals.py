"""What many simulated evenings come to; kept in a file, so that a run can go on."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.simulation.evening import Outcome
from tests.simulation.party import Walked
from tests.simulation.table_coverage import (
    all_rows,
    never_taken,
    reachable_rows,
    taken_all_the_same,
)


@dataclass
class Totals:
    """Sums of :class:`~tests.simulation.evening.Outcome`; ``broken`` by seed."""

    next_seed: int = 1
    evenings: int = 0
    calls: int = 0
    faulty: int = 0
    hours: float = 0.0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    walked: Walked = field(default_factory=Walked)
    broken: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def kept_in(cls, file: str, first: int) -> Self:
        """Return what a run before kept, or nothing yet."""
        if file and Path(file).exists():
            # written by this very program, a moment ago
            kept = pickle.loads(Path(file).read_bytes())
            assert isinstance(kept, cls), file
            return kept
        return cls(next_seed=first)

    def keep(self, file: str) -> None:
        """Keep it, where that is asked for."""
        if file:
            new = Path(f"{file}.new")
            new.write_bytes(pickle.dumps(self))
            new.replace(file)

    def add(self, outcome: Outcome) -> None:
        self.next_seed = outcome.seed + 1
        self.evenings += 1
        self.calls += outcome.calls
        self.faulty += outcome.faulty
        self.hours += outcome.hours
        self.faults += outcome.faults
        self.ends += outcome.ends
        self.kinds[outcome.kind] += 1
        self.walked += outcome.walked
        if outcome.broken:
            self.broken[outcome.seed] = outcome.broken

    def line(self) -> str:
        per_hour = self.hours / max(self.seconds, 1e-9) * 3600
        return (
            f"{self.evenings} evenings, {self.calls} calls, {self.faulty} with faults, "
            f"{self.hours:.0f} kiosk-hours, {per_hour:.0f} an hour, "
            f"{len(self.broken)} broken"
        )

    def report(self) -> str:
        """Return all of it as text."""
        never, rows = never_taken(self.walked), len(reachable_rows())
        lines = [self.line(), "", "faults:"]
        lines += [f"  {n:8} {name}" for name, n in self.faults.most_common()]
        lines += ["calls ended by:"]
        lines += [f"  {n:8} {name}" for name, n in self.ends.most_common()]
        lines += [f"rows taken: {rows - len(never)} of {rows}"]
        lines += [f"  never: {words}" for words in never]
        lines += [f"BROKEN no way leads to {words}" for words in self.unexpected]
        for seed, broken in self.broken.items():
            lines += [f"BROKEN seed {seed}: {what}" for what in broken]
        return "\n".join(lines)

    @property
    def unexpected(self) -> list[str]:
        """Rows that were taken although no way should lead there."""
        return taken_all_the_same(self.walked)

    def figures(self) -> dict[str, Any]:
        """Return it as a section of ``reliability.json``."""
        never, rows = never_taken(self.walked), len(reachable_rows())
        return {
            "evenings": self.evenings,
            "calls": self.calls,
            "calls_with_faults": self.faulty,
            "kiosk_hours": round(self.hours, 1),
            "kiosk_hours_per_hour": round(self.hours / self.seconds * 3600),
            "minutes": round(self.seconds / 60, 1),
            "seeds": f"{self.next_seed - self.evenings} to {self.next_seed - 1}",
            "broken_invariants": sum(map(len, self.broken.values())),
            "broken_seeds": list(self.broken)[:20],
            "rows": rows,
            "rows_taken": rows - len(never),
            "rows_never": never,
            "rows_for_defence": len(list(all_rows())) - rows,
            "rows_for_defence_taken": self.unexpected,
            "faults": dict(self.faults.most_common()),
            "ends": dict(self.ends.most_common()),
        }
