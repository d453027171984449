"""Evenings in virtual time: nothing breaks, the same seed is the same evening, the oracle bites."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.evening import run
from tests.simulation.sabotage import SABOTAGES
from tests.simulation.table_coverage import DEFENCES, all_rows, never_taken
from tests.simulation.totals import Totals


ROOT = Path(__file__).parents[2]


def simulation(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_in_some_evenings_full_of_faults_no_invariant_is_broken() -> None:
    ran = simulation("--hours", "3", "--jobs", "1", "--at-once", "2")

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    assert "0 broken" in ran.stdout


def test_the_same_seed_is_the_same_evening_in_every_process() -> None:
    one, other = simulation("77"), simulation("77")

    assert one.returncode == 0, one.stderr[-4000:]
    assert "digest" in one.stdout
    assert one.stdout == other.stdout


def test_another_seed_is_another_evening() -> None:
    assert run(1, calls=1).digest != run(2, calls=1).digest


def test_a_row_that_is_never_taken_is_told() -> None:
    walked = run(3, calls=1).walked

    never = never_taken(walked)

    assert 0 < len(never) < len(list(all_rows()))
    assert "kiosk: RESERVING SeatFound" not in never_taken(
        walked + run(1, calls=2).walked + run(14, calls=2).walked
    )


def test_every_row_kept_for_defence_exists_and_is_told_when_a_way_leads_there() -> None:
    totals = Totals()
    assert not totals.unexpected

    for state, trigger in DEFENCES:
        rows = [step for step in all_rows() if step[1:] == (state, trigger)]
        assert len(rows) == 3
        totals.walked[rows[0]] += 1

    assert totals.unexpected == ["kiosk: WAITING Failed", "kiosk: BROADCASTING Failed"]
    assert "BROKEN no way leads to kiosk: WAITING Failed" in totals.report()


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_part_that_is_broken_is_noticed(name: str) -> None:
    hours = (
        "4" if name == "ghost" else "1.5"
    )  # whoever is gone must be looked for first
    ran = simulation("--hours", hours, "--jobs", "1", "--at-once", "4", "--break", name)

    assert ran.returncode == 1, ran.stderr[-4000:]
    told = [line for line in ran.stdout.splitlines() if line.startswith("BROKEN")]
    assert any(SABOTAGES[name][1] in line for line in told), told
