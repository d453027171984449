"""
``python -m tests.chaos.one_round JSON``: one run of chaos, judged, in its own process.

Prints lines of JSON: how far it is, now and then, and last what was found.  A broken
promise leaves the whole history in a file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from tests.chaos.history import History, Terms
from tests.chaos.promises import Verdict, figures, judged, latencies
from tests.chaos.run import Plan, run


REAL, QUICK = (20.0, 5.0), (3.0, 0.75)
_QUICKER = 0.15
_PROGRESS_S = 30.0
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Round:
    """
    What one run is to be.

    Attributes:
        quick: Whether times are scaled to a sixth.
        kept: Folder for the history of a broken promise.

    """

    store: str
    number: int
    seed: int
    operations: int
    clients: int
    quick: bool
    kept: str

    @property
    def name(self) -> str:
        """What it is called in a line, and its file."""
        return f"{self.store.replace(' ', '-')}-{self.number}"

    @property
    def plan(self) -> Plan:
        """The plan of the run."""
        late_s, sweep_s = QUICK if self.quick else REAL
        terms = Terms(
            late_s, sweep_s, self.store, servers=2 if "two" in self.store else 1
        )
        return Plan(
            terms,
            self.seed * 1000 + self.number,
            self.clients,
            self.operations,
            scale=_QUICKER if self.quick else 1.0,
            # Slowly enough that silence, and the nemesis' longest deeds, have time.
            pause_s=0.04 if self.quick else 0.4,
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the round that :meth:`to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))


def main(text: str) -> None:
    """Run it and print what was found."""
    one = Round.parse(text)
    history = History(one.plan.terms)
    over = Event()
    progress = Thread(target=_tell_progress, args=(history, over), daemon=True)
    progress.start()
    run(one.plan, history)
    over.set()
    verdict = judged(history)
    found = {**figures(history, verdict), **_p99s(history)}
    _say({**found, "broken": _broken(one, history, verdict)})


def _broken(one: Round, history: History, verdict: Verdict) -> list[str]:
    """Return what was broken, and write down how it came to that."""
    if not (verdict.violations or verdict.undecided):
        return []
    kept = Path(one.kept, f"{one.name}.jsonl")
    history.write(kept)
    told = [f"{v.promise} {v.room}: {v.why}" for v in verdict.violations[:_TOLD]]
    return [*told, f"history {kept}"]


def _p99s(history: History) -> Mapping[str, float]:
    quiet, stalled = latencies(history)
    some = {"quiet": quiet, "beside_a_stalled_reader": stalled}
    return {
        f"p99_ms_{name}": round(1e3 * sorted(times)[int(0.99 * len(times))], 1)
        for name, times in some.items()
        if times
    }


def _tell_progress(history: History, over: Event) -> None:
    while not over.wait(_PROGRESS_S):
        _say({"so_far": history.acts, "faults": len(history.faults)})


def _say(line: Mapping[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 -- read by who started it


if __name__ == "__main__":
    main(sys.argv[1])
