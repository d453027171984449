"""
Simulates evenings until so many hours or calls are done, or one seed again.

    python -m tests.simulation 4711               one evening, every step printed
    python -m tests.simulation --hours 100        kiosk-hours, on all cores
    python -m tests.simulation --calls 200000 --write
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context

from tests.reliability.results import write
from tests.simulation.evening import Look, Outcome, evenings, run
from tests.simulation.totals import Totals


_ORDER = "PYTHONHASHSEED"


def main() -> int:
    """Run; 1 if an invariant is broken."""
    asked = _arguments()
    if os.environ.get(_ORDER) != "0":
        # the order of a set of strings decides what happens first
        os.environ[_ORDER] = "0"
        os.execv(
            sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        )
    if asked.seed is not None:
        return _replay(asked.seed)
    return _simulate(asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", nargs="?", type=int)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--first", type=int, default=1, help="seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--at-once", type=int, default=20, help="by a process")
    parser.add_argument("--break", default="", dest="sabotaged", help="a part")
    parser.add_argument("--kept", default="", help="file to go on from")
    parser.add_argument("--write", action="store_true", help="reliability.json")
    return parser.parse_args()


def _replay(seed: int) -> int:
    logging.disable()
    outcome = run(seed, look=Look(say=print))
    print(f"seed {seed}, {outcome.kind}: digest {outcome.digest}")
    for what in outcome.broken:
        print(f"BROKEN {what}")
    return bool(outcome.broken)


def _simulate(asked: argparse.Namespace) -> int:
    totals = Totals.kept_in(asked.kept, asked.first)
    began = time.monotonic()
    reported = began
    for outcomes in _evenings(asked, totals.next_seed):
        for outcome in outcomes:
            totals.add(outcome)
        totals.seconds += time.monotonic() - began
        began = time.monotonic()
        totals.keep(asked.kept)
        if began - reported > 60.0:
            reported = began
            print(totals.line(), flush=True)
        if totals.hours >= asked.hours and totals.faulty >= asked.calls:
            break
    print(totals.report())
    if asked.write:
        write("simulation", totals.figures())
    return bool(totals.broken or totals.unexpected)


def _evenings(asked: argparse.Namespace, first: int) -> Iterator[list[Outcome]]:
    if asked.jobs == 1:
        for seed in count(first, asked.at_once):
            yield evenings(seed, asked.at_once, asked.sabotaged)
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        seeds = count(first, asked.at_once)

        def begin() -> Future[list[Outcome]]:
            return pool.submit(evenings, next(seeds), asked.at_once, asked.sabotaged)

        waiting = [begin() for _ in range(asked.jobs + 1)]
        try:
            while True:
                outcomes = waiting.pop(0).result()
                waiting.append(begin())
                yield outcomes
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    sys.exit(main())
