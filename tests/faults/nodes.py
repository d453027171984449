"""
Rows that tests elsewhere in the tree cover: those tests run, and their result counts.

A row survived when each of its nodes ran and passed, a skipped one is none; the
appliance's and the container's nodes run where their environment is (``make faults-all``).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tests.faults.catalogue import Fault
from tests.faults.running import Result


ROOT = Path(__file__).parents[2]
COVERED: Final = "covered"
"""The state of a run that is a test elsewhere."""


def groups(faults: Sequence[Fault]) -> Iterator[list[Fault]]:
    """Yield rows whose tests share what is costly to start (a guest, a container)."""

    def where(fault: Fault) -> str:
        return max(node.split("/")[1] for node in fault.covered_by)

    for _, found in groupby(sorted(faults, key=where), key=where):
        yield list(found)


def run_nodes(faults: Sequence[Fault], out: Path) -> Iterator[Result]:
    """Run the nodes of all rows, each once; yield a result for each row."""
    nodes = list(dict.fromkeys(node for one in faults for node in one.covered_by))
    if not nodes:
        return
    report = out / "nodes.xml"
    report.unlink(missing_ok=True)
    command = (sys.executable, "-m", "pytest", "-q", "-n", _workers(nodes), *nodes)
    subprocess.run(
        [*command, f"--junit-xml={report}", "-o", "timeout=900"], cwd=ROOT, check=False
    )
    found = read_report(report) if report.exists() else {}
    for fault in faults:
        yield judge(fault, found)


def _workers(nodes: Sequence[str]) -> str:
    """Return how many run at a time; an emulated machine and its agent take two cores."""
    is_emulated = any(node.startswith("tests/appliance/") for node in nodes)
    return "0" if is_emulated else "2"


def read_report(report: Path) -> dict[str, list[tuple[str, float]]]:
    """Return by node, without its parameters, what became of its cases and their seconds."""
    found: dict[str, list[tuple[str, float]]] = {}
    for case in ET.parse(report).iter("testcase"):  # our own pytest's
        file = case.get("classname", "").replace(".", "/") + ".py"
        name = case.get("name", "").partition("[")[0]
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        outcome = kinds.pop() if kinds else "passed"
        taken = float(case.get("time", "0"))
        for node in (file, f"{file}::{name}", f"{file}::{case.get('name')}"):
            found.setdefault(node, []).append((outcome, taken))
    return found


def judge(fault: Fault, found: dict[str, list[tuple[str, float]]]) -> Result:
    """Return the result of a row whose nodes have run."""
    result = Result(
        fault.id,
        COVERED,
        0,
        fault.tier,
        full_scale=True,
        allowed="".join(fault.classes),
    )
    for node in fault.covered_by:
        cases = found.get(node, [])
        wrong = sorted({outcome for outcome, _ in cases} - {"passed"})
        if not cases or wrong:
            result.why.append(f"{node}: {', '.join(wrong) or 'did not run'}")
        result.seconds += sum(taken for _, taken in cases)
    if not result.why:
        result.verdict = "survived"
    result.seconds = round(result.seconds, 1)
    return result
