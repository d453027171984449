"""
The security baselines as tests: ``python -m tests.reliability.baselines``.

Reads the tables of ``docs/baselines.md``, runs every test they cite and writes how
many provisions have one that passes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.results import ROOT, write


PAGE = ROOT / "docs" / "baselines.md"
REASONS = ("not applicable: ", "open: ", "paper: ")

ELSEWHERE = ("tests/appliance/", "tests/service/", "tests/package/")
"""What needs a root of Debian's or a virtual machine, and has a target of its own."""

_CITED = re.compile(r"`(tests/[^`]+)`")


@dataclass(frozen=True, slots=True)
class Provision:
    """
    One row.

    Attributes:
        baseline: The heading it stands under.
        tests: What is cited: a test, a file of them or a folder.
        reason: Why there is none, with one of :data:`REASONS` in front.

    """

    baseline: str
    id: str
    tests: tuple[str, ...]
    reason: str


def provisions(page: Path = PAGE) -> list[Provision]:
    """Read the tables, in their order."""
    found: list[Provision] = []
    baseline = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            baseline = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or cells[0] in {"id", "---"}:
            continue
        tests = tuple(_CITED.findall(cells[2]))
        found.append(Provision(baseline, cells[0], tests, "" if tests else cells[2]))
    return found


def main() -> int:
    rows = provisions()
    cited = sorted({test for row in rows for test in row.tests})
    here = [test for test in cited if not test.startswith(ELSEWHERE)]
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", *here],
        cwd=ROOT,
        check=False,
    )
    count = {
        reason.strip(": "): sum(row.reason.startswith(reason) for row in rows)
        for reason in REASONS
    }
    elsewhere = sum(
        bool(row.tests) and all(test.startswith(ELSEWHERE) for test in row.tests)
        for row in rows
    )
    with_test = sum(bool(row.tests) for row in rows)
    write(
        "baselines",
        {
            "provisions": len(rows),
            "applicable": len(rows) - count["not applicable"] - count["paper"],
            "with_a_test": with_test,
            "only_in_root_or_machine": elsewhere,
            "tests_pass": said.returncode == 0,
            **count,
            "open_ones": [row.id for row in rows if row.reason.startswith("open: ")],
        },
    )
    print(f"{with_test} of {len(rows)} provisions have a test; {count}")  # noqa: T201
    return said.returncode


if __name__ == "__main__":
    sys.exit(main())
