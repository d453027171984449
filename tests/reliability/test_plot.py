"""The plot: a dot for every run that recovered, a line for every bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.reliability.plot import draw, read_runs


SVG = "{http://www.w3.org/2000/svg}"
RUNS: list[dict[str, Any]] = [
    {"id": "N04", "state": "in_call", "class": "C", "recovered_ms": 4000},
    {"id": "N05", "state": "in_call", "class": "C", "recovered_ms": 12_000},
    {"id": "M<1", "state": "idle", "class": "A", "recovered_ms": 0},
    {"id": "D12", "state": "idle", "class": "F", "recovered_ms": None},
]


def test_every_run_that_recovered_is_a_dot_that_tells_its_name() -> None:
    picture = ET.fromstring(draw(RUNS, {"C": 10.0, "A": 0.3}))

    names = [dot.findtext(f"{SVG}title") for dot in picture.iter(f"{SVG}circle")]
    assert names == ["M<1 idle: 0.00 s", "N04 in_call: 4.00 s", "N05 in_call: 12.00 s"]


def test_what_took_longer_than_its_bound_is_red() -> None:
    picture = ET.fromstring(draw(RUNS, {"C": 10.0}))

    fills = [dot.get("fill") for dot in picture.iter(f"{SVG}circle")]
    assert fills.count("#c33") == 1


def test_where_nothing_ran_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert read_runs(tmp_path / "runs.jsonl") == []


def test_runs_are_read_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text('{"id": "N04"}\n\n{"id": "N05"}\n', "utf-8")

    assert [run["id"] for run in read_runs(file)] == ["N04", "N05"]
