"""The figures of a soak, and where it falls short of what is promised."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from tests.bench.growth import slope
from tests.soak.calls import ENDED, FAILED, WHOLE
from tests.soak.notebook import Notebook


GROWTH_KB: Final = 2.0
WARM_CALLS: Final = 100
"""What fills up to its bound (histories, caches, records) has by then."""


def figures(notebook: Notebook) -> dict[str, Any]:
    """Return what is to be told of a soak."""
    made = notebook.made
    results = Counter(one["result"] for one in made)
    seconds = sum(one["seconds"] for one in made)
    sizes = [size for process in notebook.sizes for _, size in process]
    found = slope(*_warm(notebook))
    return {
        "calls": len(made),
        "seed": notebook.seed,
        "processes": len(notebook.sizes),
        "troubled": sum(one["trouble"] != "none" for one in made),
        "troubles": dict(Counter(one["trouble"] for one in made)),
        "whole": results[WHOLE],
        "ended_politely": results[ENDED],
        "failed": results[FAILED],
        "growth_kb_a_call": round(found.estimate, 2) if found else None,
        "growth_kb_95": [round(found.lower, 2), round(found.upper, 2)] if found else [],
        "growth_bound_kb": GROWTH_KB,
        "rss_mb_first": sizes[0] if sizes else None,
        "rss_mb_last": sizes[-1] if sizes else None,
        "threads": [[one["before"][0], one["after"][0]] for one in notebook.ends],
        "descriptors": [[one["before"][1], one["after"][1]] for one in notebook.ends],
        "calls_a_minute": round(60 * len(made) / seconds, 1) if seconds else None,
        "hours_in_calls": round(seconds / 3600, 2),
    }


def shortfalls(notebook: Notebook) -> list[str]:
    """Return what was promised and is not so."""
    told = figures(notebook)
    wrong = [f"a call failed: {one}" for one in notebook.made if _is_failed(one)]
    wrong += [
        f"threads, descriptors {one['before']} before, {one['after']} after: "
        f"{one['open']}"
        for one in notebook.ends
        if one["before"] != one["after"]
    ]
    grown = told["growth_kb_a_call"]
    if grown is not None and grown > GROWTH_KB:
        wrong.append(f"it grows by {grown} kB a call, not by {GROWTH_KB:g}")
    return wrong


def print_report(notebook: Notebook) -> None:
    """Print all of it."""
    for name, figure in figures(notebook).items():
        print(f"  {name:20} {figure}")
    for wrong in shortfalls(notebook):
        print(f"  FALLS SHORT  {wrong}")


def _warm(notebook: Notebook) -> list[list[tuple[float, float]]]:
    processes: list[list[tuple[float, float]]] = []
    for process in notebook.sizes:
        first = process[0][0] if process else 0
        processes.append([p for p in process if p[0] >= first + WARM_CALLS])
    return processes


def _is_failed(one: dict[str, Any]) -> bool:
    return bool(one["result"] == FAILED)
