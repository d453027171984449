"""
``python -m tests.powerloss [--cuts N]``: kills at every call, and power cuts.

Every writer of the product is killed at each of its writes, syncs, renames and removals
until none is left, and has its power cut at random moments.  Exit status 1 if a state
was torn or lost, or if the writers that must fail did not.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from tests.powerloss.cuts import NoCuts, cut_often
from tests.powerloss.kills import ALL, CALLS, Kill, kill_each, prepare
from tests.powerloss.writers import NAIVE, WRITERS, scratch
from tests.reliability.results import write


def main() -> int:
    """Kill and cut; print and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.powerloss")
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    began = time.monotonic()
    kills = _kills()
    wrong = [one for one in kills if not one.is_right]
    for one in wrong:
        _say(f"{one.writer}: killed at {one.call} {one.when}: {one.found}")
    lost, torn, naive = _cuts(arguments.cuts, arguments.seed)
    figures = {
        "writers": len(WRITERS),
        "kills": sum(one.was_killed for one in kills),
        "kills_wrong": len(wrong),
        "cuts": arguments.cuts if naive is not None else 0,
        "states_torn": torn,
        "acknowledged_lost": lost,
        "naive_writer_failed": naive,
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - began),
    }
    _say(str(figures))
    write("power_loss", figures)
    return 1 if wrong or lost or torn or not naive else 0


def _kills() -> list[Kill]:
    kills: list[Kill] = []
    with scratch() as name:
        folder = Path(name)
        prepare(folder)
        for call in CALLS:
            left, when = list(WRITERS), 0
            while left:
                when += 1
                some = kill_each(folder, call, when, left)
                kills += some
                left = [one.writer for one in some if one.was_killed]
            _say(f"{call}: every writer killed at each of up to {when - 1}")
    return kills


def _cuts(count: int, seed: int) -> tuple[int, int, int | None]:
    names = [name for name, one in ALL.items() if not one.is_below_run]
    try:
        cuts = cut_often(names, count, seed)
    except NoCuts as error:
        _say(f"no power can be cut here: {error}")
        return 0, 0, None
    for one in cuts.values():
        sample = f": {one.wrong[0][:60]!r}" if one.wrong else ""
        _say(
            f"{one.writer}: {one.writes} writes, {one.tried} cuts, {one.intact} intact, "
            f"{len(one.wrong)} torn, {one.lost} lost{sample}"
        )
    real = [one for name, one in cuts.items() if name not in NAIVE]
    naive = min(len(cuts[name].wrong) for name in NAIVE)
    return sum(one.lost for one in real), sum(len(one.wrong) for one in real), naive


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- its result


if __name__ == "__main__":
    sys.exit(main())
