"""Every security row has its tests, or somebody who owes them and says why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.repo.cited import known


HERE = Path(__file__).parent
ROWS: dict[str, dict[str, object]] = tomllib.loads(
    (HERE / "rows.toml").read_text(encoding="utf-8")
)
NUMBERED = [f"S{number:02}" for number in range(1, 25)]
BESIDE = {"expiry", "forged token", "foreign room", "oversize"}
UNTESTED = {"S23"}
"""Rows nothing in this tree can show."""


def cited(row: str) -> list[str]:
    tests = ROWS[row].get("tests", [])
    assert isinstance(tests, list)
    return [str(test) for test in tests]


def test_all_rows_are_there_and_no_others() -> None:
    assert [row for row in ROWS if row not in BESIDE] == NUMBERED
    assert ROWS.keys() >= BESIDE


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_tests_that_exist_or_who_owes_them(row: str) -> None:
    assert ROWS[row].keys() <= {"attack", "tests", "owner", "why"}
    assert ROWS[row]["attack"]
    assert bool(cited(row)) is (row not in UNTESTED)
    assert ("owner" in ROWS[row]) is ("why" in ROWS[row])
    for test in cited(row):
        path, _, name = test.partition("::")
        assert name in known().get(path, ()), test
    assert len(set(cited(row))) == len(cited(row))


def test_every_test_of_this_suite_belongs_to_a_row() -> None:
    named = {test for row in ROWS for test in cited(row)}
    folder = "tests/roomserver/negative/"
    here = {
        f"{path}::{name}"
        for path, names in known().items()
        if path.startswith(folder) and not path.endswith("test_rows.py")
        for name in names
    }

    assert here
    assert here - named == set()
