"""
Makes mistakes in the call's table and in the pure packages; are they noticed?

    python -m tests.mutation --sample 600 --seed 1 [--second 2] [--write]

All of the table's, and a sample of the others, drawn from a seed; a second sample is
one that nobody improved a test for.  What was judged is kept in files beside, so that a
run that was ended goes on; a changed test or module begins anew.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from tests.mutation import code, equals, table
from tests.mutation.mutator import Mistake
from tests.reliability.results import write


LEAST_PERCENT = 80


def main() -> int:
    """Judge; 1 where a mistake in the table, or too many others, went unnoticed."""
    asked = _arguments()
    of_table = table.judged(asked.every)
    figures = _of_table(of_table)
    print(_words(figures))
    is_kept = figures["table_killed"] == figures["table_total"]
    for name, seed in (("", asked.seed), ("second_", asked.second)):
        if seed is None or not asked.sample:
            continue
        found = _of_sample(*code.judged(asked.sample, seed))
        figures |= {f"{name}seed": seed} | {f"{name}{key}": found[key] for key in found}
        print(_words(found))
        is_kept = is_kept and found["score_percent"] >= LEAST_PERCENT
    if asked.write:
        write("mutation", figures)
    return not is_kept


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", type=int, default=600, help="0: the table alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--second", type=int, help="seed of a second sample")
    parser.add_argument("--every", type=int, default=1, help="n-th of the table only")
    parser.add_argument("--write", action="store_true", help="reliability.json")
    return parser.parse_args()


def _of_table(found: table.TableFigures) -> dict[str, Any]:
    total = len(found.mutants)
    unseen = found.unnoticed_by("behaviour")
    equal = [one for one in unseen if equals.reason_of(one)]
    for one in unseen:
        print(f"not seen in any call: {one}: {equals.reason_of(one) or 'A MISTAKE'}")
    return {
        "table_total": total,
        "table_killed": total - len(found.unnoticed_by(*table.JURIES)),
        "table_killed_without_golden": total
        - len(found.unnoticed_by("behaviour", "rules")),
        "table_killed_by_behaviour": total - len(unseen),
        "table_equal_in_effect": len(equal),
        "table_unseen": [str(one)[:200] for one in unseen if one not in equal],
    }


def _of_sample(chosen: Sequence[Mistake], alive: Sequence[Mistake]) -> dict[str, Any]:
    killed = len(chosen) - len(alive)
    equal = [one for one in alive if equals.reason_of_mistake(one)]
    for one in equal:
        print(f"no mistake: {one}: {equals.reason_of_mistake(one)}")
    for one in alive:
        if one not in equal:
            print(f"SURVIVED {one}")
    return {
        "mutants": len(chosen),
        "killed": killed,
        "score_percent": round(100 * killed / len(chosen), 1),
        "equal_in_effect": len(equal),
        "survivors": [str(one)[:200] for one in alive if one not in equal],
    }


def _words(figures: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {figure}"
        for name, figure in figures.items()
        if not isinstance(figure, list)
    )


if __name__ == "__main__":
    sys.exit(main())
