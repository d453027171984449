"""
What the runs come to: the section ``faults`` of ``reliability.json``.

A row is *tested* where every state it names has a line, *survived* where all of these
are; a row without lines is listed by its id, with what it would need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any

from tests.faults.catalogue import Fault
from tests.faults.noticing import BACK_S, BOUNDS_S
from tests.faults.oracle import INVARIANTS
from tests.reliability.results import write


Line = Mapping[str, Any]


def write_figures(
    catalogue: Mapping[str, Fault], lines: Sequence[Line], commit: str
) -> None:
    """Write the figures of these lines."""
    write("faults", figures_of(catalogue, lines, commit))


def figures_of(
    catalogue: Mapping[str, Fault], lines: Sequence[Line], commit: str
) -> dict[str, Any]:
    """
    Return the figures.

    Args:
        catalogue: All rows.
        lines: The newest of each run.
        commit: Of now: runs of other trees are named.

    """
    by_row: dict[str, list[Line]] = {}
    for line in lines:
        by_row.setdefault(str(line["id"]), []).append(line)
    tested = [one for one in catalogue.values() if _is_tested(one, by_row)]
    survived = [one for one in tested if _survived(by_row[one.id])]
    broken = Counter(breach[:2] for line in lines for breach in line["breaches"])
    canaries = [line for line in lines if line["state"] != "covered"]
    return {
        "catalogued": len(catalogue),
        "tested": len(tested),
        "survived": len(survived),
        "runs": len(lines),
        "by_class": _by_class(canaries),
        "resumption": _resumption(canaries),
        "canary_calls": len(canaries),
        "canary_calls_ok": sum(line["canary_ms"] is not None for line in canaries),
        "violations": {one: broken.get(one, 0) for one in INVARIANTS},
        "failed": [one.id for one in tested if one not in survived],
        "untested": [
            f"{one.id}: {_why_not(one)}"
            for one in catalogue.values()
            if one not in tested
        ],
        "failed_at_first": [
            _short(line) for line in lines if line.get("failed_at_first")
        ],
        "of_other_commits": _of_others(lines, commit),
        "seconds": round(sum(line.get("wall_s", 0.0) for line in lines)),
    }


def _short(line: Line) -> str:
    why = str(line["failed_at_first"][0])
    return f"{line['id']} {line['state']}, then {line['verdict']}: {why[:150]}"


def _of_others(lines: Sequence[Line], commit: str) -> list[str]:
    """Return the commits of runs of other trees, with their rows."""
    rows: dict[str, set[str]] = {}
    for line in lines:
        if line.get("commit") != commit:
            rows.setdefault(str(line.get("commit", "unknown")), set()).add(line["id"])
    return [f"{one}: {' '.join(sorted(ids))}"[:400] for one, ids in rows.items()]


def _why_not(fault: Fault) -> str:
    return fault.why_untested or ("not run" if fault.is_built else "not built")


def _is_tested(fault: Fault, by_row: Mapping[str, Sequence[Line]]) -> bool:
    seen = {line["state"] for line in by_row.get(fault.id, ())}
    wanted = {"covered"} if fault.covered_by else set(fault.states)
    return fault.is_built and wanted <= seen


def _survived(lines: Sequence[Line]) -> bool:
    return all(line["verdict"] == "survived" for line in lines)


def _resumption(lines: Sequence[Line]) -> dict[str, float]:
    """Return how long a process that died in a call was away from it."""
    ended = [line for line in lines if line.get("was_to_resume")]
    times = [ms / 1000 for line in ended if (ms := line["resumed_ms"]) is not None]
    return {"n": len(ended), "back": len(times), **_spread(times, BACK_S)}


def _by_class(lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    taken: dict[str, list[float]] = {}
    for line in lines:
        if line["class"] and line["recovered_ms"] is not None:
            taken.setdefault(line["class"], []).append(line["recovered_ms"] / 1000)
    return {
        kind: {"n": len(times), **_spread(times, BOUNDS_S[kind])}
        for kind, times in sorted(taken.items())
    }


def _spread(times: Sequence[float], bound_s: float) -> dict[str, float]:
    if not times:
        return {"bound_s": bound_s}
    return {
        "p50_s": round(_quantile(times, 50), 2),
        "p95_s": round(_quantile(times, 95), 2),
        "max_s": round(max(times), 2),
        "bound_s": bound_s,
    }


def _quantile(times: Sequence[float], percent: int) -> float:
    if len(times) == 1:
        return times[0]
    return quantiles(times, n=100, method="inclusive")[percent - 1]
