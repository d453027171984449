"""
What a benchmark found: tables, bars that pass or fail, and plain numbers.

Pure but for :func:`show`, which prints.  A bar without a value fails: what was
not measured was not shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


Number = float | int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """
    One promise with its bound.

    Attributes:
        at_least: The value must reach the bound instead of staying below it.
        below: The value must be lower than the bound, not equal.
        judged: Printed only when false.

    """

    what: str
    value: float | None
    bound: float | None
    unit: str = "ms"
    at_least: bool = False
    below: bool = False
    judged: bool = True

    @property
    def passed(self) -> bool:
        if self.value is None or self.bound is None:
            return False
        if self.at_least:
            return self.value >= self.bound
        return self.value < self.bound if self.below else self.value <= self.bound

    @property
    def verdict(self) -> str:
        if not self.judged:
            return "not judged"
        return "PASS" if self.passed else "FAIL"

    @property
    def relation(self) -> str:
        return ">=" if self.at_least else "<" if self.below else "<="


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; the first cell of a row is its name."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Number]]


@dataclass(frozen=True, slots=True)
class Result:
    """All that one benchmark has to say."""

    name: str
    tables: Sequence[Table]
    bars: Sequence[Bar]
    notes: Sequence[str] = ()
    numbers: dict[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(bar.passed for bar in self.bars if bar.judged)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile, or ``None`` of nothing."""
    if not values:
        return None
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


SPREAD = ("n", "p50", "p95", "p99", "max")


def spread(values: Sequence[float]) -> tuple[Number, ...]:
    """Return n, p50, p95, p99 and the maximum, as the cells of a row."""
    found = [percentile(values, percent) for percent in (50, 95, 99, 100)]
    return (len(values), *found)


def show(result: Result) -> None:
    """Print it."""
    for table in result.tables:
        print(f"\n{table.title}")
        rows = [[_cell(cell) for cell in row] for row in table.rows]
        for line in _aligned([table.header, *rows]):
            print(f"  {line}")
    if result.bars:
        print()
        lines = [
            (
                bar.verdict,
                bar.what,
                _cell(bar.value),
                bar.relation,
                _cell(bar.bound),
                bar.unit,
            )
            for bar in result.bars
        ]
        for line in _aligned(lines, left=2):
            print(f"  {line}")
    for note in result.notes:
        print(f"  note: {note}")


def _cell(value: str | Number) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return str(value)


def _aligned(lines: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    columns = max(len(line) for line in lines)
    widths = [
        max((len(line[i]) for line in lines if i < len(line)), default=0)
        for i in range(columns)
    ]
    return [
        "  ".join(
            cell.ljust(widths[i]) if i < left else cell.rjust(widths[i])
            for i, cell in enumerate(line)
        ).rstrip()
        for line in lines
    ]
