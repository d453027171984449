"""
Makes every mistake in the call's table and has three juries look at each.

The first knows the agreed table word for word: it notices everything by construction,
and says only that no change of the table goes unread.  The second knows its rules (what
holds of every row), the third only what a call does: customers, peers, screens, timers.
What the first alone notices nobody would notice in the life of a call.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.mutation.forked import ENDED, PLAIN, ROOT, shared, verdict_of
from tests.mutation.kept import Kept
from tests.mutation.table_mutants import TableMutant, all_mutants


TESTS = "tests/call"
JURIES = ("behaviour", "rules", "agreed")
"""A verdict has a bit for each jury that noticed nothing."""
_NOBODY = 0b111
_RULES = "test_table.py"
_AGREED = "test_every_row_leads_and_orders_what_was_agreed"
_OF_NO_CALL = "tests/call/test_record_bounds.py"
MATTERS = ("kiosk/call", TESTS, "tests/mutation/table_mutants.py")


@dataclass
class TableFigures:
    """
    What came of it.

    Attributes:
        alive: The mutants a jury did not notice, by jury.

    """

    mutants: list[TableMutant]
    alive: dict[str, list[TableMutant]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, mutants: Sequence[TableMutant], verdicts: dict[str, int]
    ) -> TableFigures:
        alive = {
            jury: [one for one in mutants if verdicts[str(one)] & 1 << bit]
            for bit, jury in enumerate(JURIES)
        }
        return cls(list(mutants), alive)

    def unnoticed_by(self, *juries: str) -> list[TableMutant]:
        """Return the mutants that none of these juries noticed."""
        return [
            one
            for one in self.mutants
            if all(one in self._alive_of(jury) for jury in juries)
        ]

    def _alive_of(self, jury: str) -> set[TableMutant]:
        return set(self.alive[jury])


class Juries:
    """A plugin of pytest: instead of once, the tests are run on each mutant."""

    def __init__(self, mutants: Sequence[TableMutant], kept: Kept) -> None:
        self._mutants = [one for one in mutants if str(one) not in kept.verdicts]
        self._kept = kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        juries = [
            [
                item
                for item in reversed(session.items)  # every evening takes longest
                if isinstance(item, pytest.Function) and _jury_of(item) == jury
            ]
            for jury in JURIES
        ]
        assert all(juries), "a jury has no test"

        def judge(mutant: TableMutant | None) -> int:
            if mutant is not None:
                mutant.commit()
            return sum((not _notices(tests)) << bit for bit, tests in enumerate(juries))

        no_mistake = verdict_of(lambda: judge(None))  # tests may keep what they found
        assert no_mistake == _NOBODY, "a test fails without any mistake"
        for mutant, verdict in shared(self._mutants, judge):
            self._kept.add(str(mutant), 0 if verdict == ENDED else verdict)
        return True


def _jury_of(item: pytest.Item) -> str:
    if item.name == _AGREED:
        return "agreed"
    return "rules" if item.path.name == _RULES else "behaviour"


def _notices(tests: Sequence[pytest.Function]) -> bool:
    """Say whether one of the tests fails; plain functions need no more than a call."""
    try:
        for test in tests:
            test.obj(**_arguments_of(test))
    except Exception:  # noqa: BLE001 -- whatever it fails with
        return True
    return False


def _arguments_of(test: pytest.Function) -> dict[str, Any]:
    params: dict[str, Any] = test.callspec.params if hasattr(test, "callspec") else {}
    wanted = set(inspect.signature(test.obj).parameters)
    assert wanted == set(params), f"{test.nodeid} needs more than its parameters"
    return params


def judged(every: int = 1) -> TableFigures:
    """Judge every n-th mutant of the table; go on where a run was ended."""
    mutants = list(all_mutants())[::every]
    kept = Kept(ROOT / ".mutated-table", MATTERS)
    os.chdir(ROOT)
    asked = [*PLAIN, "-qq", "-s", f"--ignore={_OF_NO_CALL}", TESTS]
    code = pytest.main(asked, plugins=[Juries(mutants, kept)])
    if code:
        raise SystemExit(f"the tests of the table do not run: {code}")
    return TableFigures.of(mutants, kept.verdicts)
