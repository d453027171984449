"""The table of promises about rooms: every one is there, and its tests exist."""

from __future__ import annotations

import re

import pytest

from tests.repo.cited import ROOT, known


README = ROOT / "kiosk" / "roomserver" / "README.md"
PROMISES = tuple(f"P{number}" for number in range(1, 13))
ROW = re.compile(r"\| (P\d+) \|(.*)\|(.*)\|")
CITED = re.compile(r"`([\w/]+\.py|\w+)`")


def rows() -> dict[str, re.Match[str]]:
    lines = README.read_text(encoding="utf-8").splitlines()
    return {match[1]: match for line in lines if (match := ROW.fullmatch(line))}


def test_every_promise_stands_there_once_and_in_order() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()

    assert [match[1] for line in lines if (match := ROW.fullmatch(line))] == [*PROMISES]


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_worded_and_has_tests_that_exist(promise: str) -> None:
    _, words, tests = rows()[promise].groups()
    names = frozenset[str]().union(*known().values())
    files = {path.removeprefix("tests/") for path in known()}

    cited = CITED.findall(tests)
    assert words.strip()
    assert cited
    assert [one for one in cited if one not in names | files] == []
