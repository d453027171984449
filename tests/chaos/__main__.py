"""
``python -m tests.chaos [--ops N] [--seed N] [--store S] [--at-once N] [--quick]``.

A long run, in rounds of real times by default: silence is borne for 20 s.  Prints
what was found in each; an interrupted run goes on where it was when it is begun in
the same way.  A broken promise leaves the whole history in ``chaos-out``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.chaos.one_round import Round
from tests.chaos.rounds import Found, Notebook, run_all
from tests.chaos.servers import STORES
from tests.reliability.results import write


OUT = Path("chaos-out")
_ADDED = ("operations", "unknown", "violations", "undecided_rooms", "events_lost")
_MOST = ("ghost_age_max_s", "ghost_by_clock_max_s")


def main() -> int:
    """Run what was asked for; 1 if a promise was broken, 2 if a round came to no end."""
    arguments = _arguments()
    terms = vars(arguments) | {"at_once": 0}
    notebook = Notebook(OUT / "rounds.jsonl", terms)
    rounds = _rounds(arguments)
    run_all(rounds, notebook, arguments.at_once)
    if any(one.name not in notebook.found for one in rounds):
        return 2
    stores = {
        store: _sum(notebook.found[one.name] for one in rounds if one.store == store)
        for store in arguments.store
    }
    whole = _sum(stores.values()) | {"seed": arguments.seed, "rounds": len(rounds)}
    for name, found in (*stores.items(), ("all", whole)):
        print(f"{name}: {found}")  # noqa: T201 -- its result
    _tell_what_broke(notebook.found)
    if not arguments.quick and tuple(arguments.store) == STORES:
        write("chaos", {**whole, "stores": stores})
    return 1 if whole["violations"] or whole["undecided_rooms"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--ops", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=STORES, action="append")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--each", type=int, default=12_500, help="operations a round")
    parser.add_argument("--at-once", type=int, default=4, help="rounds")
    parser.add_argument("--quick", action="store_true", help="times scaled to a sixth")
    arguments = parser.parse_args()
    arguments.store = arguments.store or list(STORES)
    return arguments


def _rounds(arguments: argparse.Namespace) -> list[Round]:
    """Return all rounds; those run at once are of different stores."""
    of_each = -(-arguments.ops // len(arguments.store))
    count = -(-of_each // arguments.each)
    return [
        Round(
            store,
            number,
            arguments.seed,
            -(-of_each // count),
            arguments.clients,
            quick=arguments.quick,
            kept=str(OUT.absolute()),
        )
        for number in range(count)
        for store in arguments.store
    ]


def _sum(found: Iterable[Found]) -> dict[str, Any]:
    parts = list(found)
    whole: dict[str, Any] = {name: sum(one[name] for one in parts) for name in _ADDED}
    whole |= {name: max(one[name] for one in parts) for name in _MOST}
    for name in ("faults", "waited_s"):
        whole[name] = _added(one[name] for one in parts)
    return whole


def _added(parts: Iterable[Found]) -> dict[str, float]:
    whole: dict[str, float] = {}
    for part in parts:
        for name, number in part.items():
            whole[name] = round(whole.get(name, 0) + number, 1)
    return whole


def _tell_what_broke(found: dict[str, Found]) -> None:
    for name, one in found.items():
        for line in one["broken"]:
            print(f"{name}: {line}")  # noqa: T201 -- its result


if __name__ == "__main__":
    sys.exit(main())
