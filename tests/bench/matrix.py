"""
The network matrix: one push of ours over a link for each of 144 kinds of link.

Rates, round trips, losses and jitters are those of ``reliability.md`` 4.4; queue,
relay, reader and player are those of :mod:`tests.bench.network`.  Losses and jitter
hold in both directions and the losses begin once the stream runs.  The round trip is
the mean one; where the jitter alone is more than that (20 ms), it is 30 ms.  A cell is judged where the link has at least 350 kbit/s,
loses at most 3 % and has a round trip of at most 100 ms; all others are reported.

``--full`` runs every cell, otherwise a quarter of those that are judged, and some
others: chosen so that every value of every dimension occurs, the same ones each time.
"""

from __future__ import annotations

import faulthandler
import itertools
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass

from tests.bench.lab_push import END_S, push_over
from tests.bench.links import QUEUE_BYTES, ages_of
from tests.bench.report import Bar, Number, Result, Table, percentile, show
from tests.lab.network import why_not
from tests.lab.shuttle import CONGESTION_CONTROL
from tests.reliability.results import write


RATES_KBPS = (5000, 2000, 1000, 600, 350, 150)
ROUND_TRIPS_MS = (20, 100, 300)
LOSSES_PERCENT = (0, 1, 3, 5)
JITTERS_MS = (0, 30)

AGE_MOST_MS, CONCEALED_MOST = 800.0, 1.0
SETTLE_S, MEASURED_S = 15.0, 20.0
AT_ONCE = 2
"""Cells side by side: one takes a third of a core, mostly its two encoders' and decoders'."""
_CELL_AT_MOST_S = 90.0
"""Two and a half times what one takes; of all, it is the time until the run is given up."""

JUDGED_OF_COVER, OTHERS_OF_COVER = 16, 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of link."""

    rate_kbps: int
    round_trip_ms: int
    loss_percent: int
    jitter_ms: int

    @property
    def is_judged(self) -> bool:
        return (
            self.rate_kbps >= 350
            and self.loss_percent <= 3
            and self.round_trip_ms <= 100
        )

    @property
    def name(self) -> str:
        return (
            f"{self.rate_kbps} kbit/s, {self.round_trip_ms} ms, "
            f"{self.loss_percent} %, +{self.jitter_ms} ms"
        )

    @property
    def link(self) -> dict[str, float]:
        return {
            "rate_kbps": self.rate_kbps,
            "delay_ms": max(0.0, (self.round_trip_ms - self.jitter_ms) / 2),
            "jitter_ms": self.jitter_ms,
            "queue_bytes": QUEUE_BYTES,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a cell's stream in the measured seconds."""

    cell: Cell
    decoded_ms: list[float]
    presented_ms: list[float]
    concealed_percent: float
    reconnects: int
    kbps: float

    @property
    def passed(self) -> bool:
        age = percentile(self.presented_ms, 95)
        return (
            age is not None
            and age <= AGE_MOST_MS
            and self.concealed_percent < CONCEALED_MOST
            and self.reconnects == 0
        )


CELLS = tuple(
    itertools.starmap(
        Cell, itertools.product(RATES_KBPS, ROUND_TRIPS_MS, LOSSES_PERCENT, JITTERS_MS)
    )
)


def cover() -> list[Cell]:
    """Return cells in which every value occurs; always the same ones."""
    judged = [cell for cell in CELLS if cell.is_judged]
    others = [cell for cell in CELLS if not cell.is_judged]
    return _spread(judged, JUDGED_OF_COVER) + _spread(others, OTHERS_OF_COVER)


def _spread(cells: Sequence[Cell], count: int) -> list[Cell]:
    """Choose one after another whichever has the values that were chosen least."""
    left = list(cells)
    random.Random(1).shuffle(left)
    chosen: list[Cell] = []
    while len(chosen) < count:
        left.sort(key=lambda cell: sum(_alike(cell, other) for other in chosen))
        chosen.append(left.pop(0))
    return chosen


def _alike(one: Cell, other: Cell) -> int:
    """Return how much they share: two values together count more than one and one."""
    values = zip(astuple(one), astuple(other), strict=True)
    shared = len([mine for mine, theirs in values if mine == theirs])
    return shared * shared


def measure(cell: Cell) -> Measured:
    """Push over such a link, and look from behind the relay."""
    with push_over(SETTLE_S + MEASURED_S, link=cell.link) as push:
        push.lab.change(loss_percent=float(cell.loss_percent))
        time.sleep(SETTLE_S)
        begin = time.monotonic()
        end = begin + MEASURED_S - END_S
        decoded, played, history = push.results()
    concealed = [ms for at, ms in played["concealed"] if begin <= at < end]
    return Measured(
        cell,
        ages_of(decoded, begin, end),
        ages_of(played["series"], begin, end),
        (concealed[-1] - concealed[0]) / 10 / (end - begin),
        history[-1]["reconnects"],
        history[-1]["bitrate"] / 1000,
    )


def run(*, full: bool) -> Result:
    missing = why_not()
    if missing:
        return Result("matrix", [], [], notes=[f"not measured: {missing}"])
    cells = CELLS if full else cover()
    # A run that hangs says where, and ends: it once waited for nobody.
    faulthandler.dump_traceback_later(
        _CELL_AT_MOST_S * (1 + len(cells) // AT_ONCE), exit=True
    )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(measure, cells))
    faulthandler.cancel_dump_traceback_later()
    judged = [one for one in found if one.cell.is_judged]
    passed = sum(one.passed for one in judged)
    return Result(
        "matrix",
        [
            _table("judged", judged),
            _table("reported", [o for o in found if o not in judged]),
        ],
        [Bar("cells passed", passed, len(judged), unit="cells", at_least=True)],
        notes=[
            f"congestion control: {CONGESTION_CONTROL}, a Raspberry Pi's",
            f"{len(found)} of {len(CELLS)} cells, {AT_ONCE} at once, {MEASURED_S:.0f} s each",
        ],
        numbers=_numbers(found, judged),
    )


def _table(title: str, found: Sequence[Measured]) -> Table:
    rows: list[tuple[str | Number, ...]] = [
        (
            one.cell.name,
            percentile(one.decoded_ms, 95),
            percentile(one.presented_ms, 50),
            percentile(one.presented_ms, 95),
            len(one.presented_ms) / MEASURED_S,
            one.concealed_percent,
            one.reconnects,
            one.kbps,
            "pass" if one.passed else "miss",
        )
        for one in found
    ]
    header = (
        f"{title}: rate, round trip, loss, jitter",
        "decoded p95 ms",
        "presented p50",
        "p95",
        "per s",
        "concealed %",
        "reconnects",
        "kbit/s at the end",
        "",
    )
    return Table("Age of pictures over each kind of link", header, rows)


def _numbers(
    found: Sequence[Measured], judged: Sequence[Measured]
) -> dict[str, object]:
    ages = [percentile(one.presented_ms, 95) for one in judged]
    return {
        "cells": len(found),
        "cells_catalogued": len(CELLS),
        "judged": len(judged),
        "passed": sum(one.passed for one in judged),
        "missed": [one.cell.name for one in judged if not one.passed],
        "worst_presented_p95_ms": max((age for age in ages if age), default=None),
        "worst_concealed_percent": max(
            (o.concealed_percent for o in judged), default=None
        ),
        "reconnects": sum(one.reconnects for one in judged),
    }


if __name__ == "__main__":
    result = run(full="--full" in sys.argv)
    show(result)
    write("network", result.numbers)
    sys.exit(0 if result.passed else 1)
