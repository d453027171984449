"""What was proven on which kind of device: the table that ends an appliance run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from typing_extensions import override


COLUMNS: Final = ("synthetic", "real driver", "call")
_NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests passed, failed, and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    @override
    def __str__(self) -> str:
        words = [f"{self.passed} passed"] if self.passed else []
        if self.failed:
            words.append(f"{self.failed} FAILED")
        if self.skipped:
            words.append(f"{self.skipped} skipped")
        return ", ".join(words) or _NOTHING


@dataclass
class Table:
    """Counts by interface and column, in the order they came; and how long steps took."""

    cells: dict[tuple[str, str], Counts] = field(
        default_factory=dict[tuple[str, str], Counts]
    )
    steps: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how many seconds a step of a technician's takes, in the emulator."""
        begun = time.monotonic()
        yield
        self.steps[step] = time.monotonic() - begun

    def add(self, interface: str, column: str, counts: Counts) -> None:
        """Add to a cell."""
        assert column in COLUMNS, column
        known = self.cells.get((interface, column), Counts())
        self.cells[interface, column] = known + counts

    def lines(self) -> Iterator[str]:
        """Return it as text, one row an interface."""
        interfaces = list(dict.fromkeys(interface for interface, _ in self.cells))
        rows = [
            (interface, *(str(self._cell(interface, one)) for one in COLUMNS))
            for interface in interfaces
        ]
        head = ("interface", *COLUMNS)
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        for row in (head, *rows):
            cells = (text.ljust(n) for text, n in zip(row, widths, strict=True))
            yield "  ".join(cells).rstrip()
        for step, seconds in self.steps.items():
            yield f"{seconds:6.1f} s  {step} (emulated)"

    def _cell(self, interface: str, column: str) -> Counts:
        return self.cells.get((interface, column), Counts())


def counted(junit: str) -> Counts:
    """Return the counts of a JUnit report; an error counts as a failure."""
    suites = ET.fromstring(junit).iter("testsuite")
    total = Counts()
    for suite in suites:
        tests, failures, errors, skipped = (
            int(suite.get(name, "0"))
            for name in ("tests", "failures", "errors", "skipped")
        )
        failed = failures + errors
        total += Counts(tests - failed - skipped, failed, skipped)
    return total


def failures(junit: str) -> Iterator[str]:
    """Return name and reason of each test that failed, for a person."""
    for case in ET.fromstring(junit).iter("testcase"):
        for found in (*case.findall("failure"), *case.findall("error")):
            yield f"{case.get('name')}\n{found.text or found.get('message', '')}"
