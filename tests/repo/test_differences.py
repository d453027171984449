"""The table of intended differences from the original servers: short, and true."""

from __future__ import annotations

import re

import pytest

from tests.repo.cited import ROOT, known


README = ROOT / "kiosk" / "roomserver" / "README.md"
MOST_ROWS = 20
ROW = re.compile(r"\| (D\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|")
REASON = re.compile(r"\b(S(0[1-9]|1\d|2[0-4])|P([1-9]|1[0-2])|10\.4)\b")


def rows() -> dict[str, re.Match[str]]:
    lines = README.read_text(encoding="utf-8").splitlines()
    found = [match for line in lines if (match := ROW.fullmatch(line))]
    assert len({match[1] for match in found}) == len(found), "an id stands there twice"
    return {match[1]: match for match in found}


def test_there_are_few_differences_numbered_in_order() -> None:
    assert 0 < len(rows()) <= MOST_ROWS
    assert list(rows()) == [f"D{number}" for number in range(1, len(rows()) + 1)]


@pytest.mark.parametrize("row", rows())
def test_a_difference_has_a_reason_and_tests_that_exist(row: str) -> None:
    _, _, _, why, tests = rows()[row].groups()
    named = re.findall(r"`(\w+)`", tests)

    assert REASON.search(why), why
    assert named
    assert set(named) <= frozenset().union(*known().values())
