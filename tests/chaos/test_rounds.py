"""A run of many rounds: what ended is kept, what is left is run, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.one_round import Round
from tests.chaos.rounds import Notebook, run_all


TERMS = {"ops": 100, "seed": 1}
A_ROUND = Round("memory", 0, 1, 1, 2, quick=True, kept="")


def test_an_interrupted_run_goes_on_and_another_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "out" / "rounds.jsonl"
    Notebook(file, TERMS).note(A_ROUND, {"operations": 7})

    assert Notebook(file, TERMS).found == {"memory-0": {"operations": 7}}
    assert Notebook(file, {**TERMS, "seed": 2}).found == {}
    assert Notebook(file, TERMS).found == {}


def test_a_round_that_was_made_is_not_made_again(tmp_path: Path) -> None:
    file = tmp_path / "rounds.jsonl"
    notebook = Notebook(file, TERMS)
    notebook.note(A_ROUND, {"operations": 7})

    run_all([A_ROUND], notebook, at_once=2)

    assert notebook.found == {"memory-0": {"operations": 7}}


@pytest.mark.e2e
def test_a_round_is_run_judged_and_written_down(tmp_path: Path) -> None:
    file = tmp_path / "rounds.jsonl"
    notebook = Notebook(file, TERMS)

    run_all([Round("memory", 0, 1, 40, 4, quick=True, kept=str(tmp_path))], notebook, 1)

    found = notebook.found["memory-0"]
    assert found["operations"] >= 40
    assert found.keys() >= {"violations", "ghost_age_max_s", "events_lost", "broken"}
    assert Notebook(file, TERMS).found == {"memory-0": found}
