"""A campaign goes on where it was cut short, and repeats what failed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.catalogue import load
from tests.faults.figures import figures_of
from tests.faults.kept_runs import KeptRuns, read_runs
from tests.faults.nodes import groups
from tests.faults.running import Result


KEY = ("R01", "idle", False, 1)
STAMP: dict[str, Any] = {"patience": 1.0, "wall_s": 2.0}


def result(verdict: str, *why: str) -> Result:
    row, state, is_full, seed = KEY
    told = Result(row, state, seed, "T1", is_full, "E", verdict=verdict, why=[*why])
    told.kind, told.recovered_ms = "E", 10
    return told


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.jsonl"


def test_what_survived_on_this_commit_is_not_run_again(file: Path) -> None:
    KeptRuns("abc", file).note(result("survived"), STAMP)

    assert KeptRuns("abc", file).is_done(KEY)
    assert not KeptRuns("def", file).is_done(KEY)
    assert not KeptRuns("abc-dirty", file).is_done(KEY)
    assert not KeptRuns("abc", file, is_anew=True).is_done(KEY)


def test_what_failed_is_run_once_more_and_its_line_says_why(file: Path) -> None:
    KeptRuns("abc", file).note(result("failed", "too slow"), STAMP)
    again = KeptRuns("abc", file)
    assert not again.is_done(KEY)
    assert again.failed_at_first(KEY) == ["too slow"]

    again.note(result("survived"), STAMP)

    line = read_runs(file)[KEY]
    assert (line["attempt"], line["failed_at_first"]) == (2, ["too slow"])
    assert KeptRuns("abc", file).is_done(KEY)
    assert not again.failed_at_first(KEY)


def test_what_failed_twice_stays_red(file: Path) -> None:
    for _ in range(2):
        KeptRuns("abc", file).note(result("failed", "too slow"), STAMP)

    assert KeptRuns("abc", file).is_done(KEY)
    assert read_runs(file)[KEY]["verdict"] == "failed"


def test_a_run_with_stretched_bounds_is_no_figure(file: Path) -> None:
    KeptRuns("abc", file).note(result("survived"), {**STAMP, "patience": 8.0})

    assert not read_runs(file)


def test_the_figures_say_what_failed_at_first_and_what_ran_elsewhere(
    file: Path,
) -> None:
    kept = KeptRuns("abc", file)
    for verdict in ("failed", "survived"):
        kept.note(result(verdict, *["too slow"][: verdict == "failed"]), STAMP)
    lines = list(read_runs(file).values())

    assert figures_of({}, lines, "abc")["failed_at_first"] == [
        "R01 idle, then survived: too slow"
    ]
    assert figures_of({}, lines, "abc")["of_other_commits"] == []
    assert figures_of({}, lines, "def")["of_other_commits"] == ["abc: R01"]
    assert figures_of({}, lines, "abc")["seconds"] == 2


def test_rows_whose_tests_share_a_guest_run_together() -> None:
    covered = [fault for fault in load().values() if fault.covered_by]
    found = list(groups(covered))

    assert sorted(one.id for group in found for one in group) == sorted(
        fault.id for fault in covered
    )
    guests = [group for group in found if "appliance" in group[0].covered_by[0]]
    assert len(guests) <= 1
