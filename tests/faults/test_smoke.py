"""
Some faults in a call, in every test run; the rest is ``make faults``.

Bounds of time are stretched: here it counts that nothing is broken, not how fast
a machine with three test runs on two cores is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import pytest

from tests.faults.catalogue import Fault, load
from tests.faults.running import run
from tests.faults.stage import Stage


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(480)]

PATIENCE = 8.0
SHARES = 3
CHOSEN = [fault for fault in load().values() if fault.smoke]


def shares() -> Iterator[list[Fault]]:
    """Yield equal shares of what was chosen; plans stay together."""
    known = sorted(CHOSEN, key=lambda fault: fault.plan.key)
    size = -(-len(known) // SHARES)
    for begin in range(0, len(known), size):
        yield known[begin : begin + size]


@pytest.mark.parametrize(
    "share", list(shares()), ids=lambda share: "-".join(f.id for f in share)
)
def test_a_call_survives_what_happens_to_it(share: list[Fault]) -> None:
    failed: list[str] = []
    for _, runs in groupby(share, key=lambda fault: fault.plan.key):
        faults = list(runs)
        with Stage(faults[0].plan) as stage:
            for fault in faults:
                state = "in_call" if "in_call" in fault.states else fault.states[0]
                result = run(stage, fault, state, seed=1, patience=PATIENCE)
                failed += [f"{fault.id} {one}" for one in result.why + result.breaches]

    assert not failed


def test_a_fault_that_costs_more_than_its_row_allows_is_told() -> None:
    """The runner bites: a killed relay is noticed, whatever the row says."""
    row = replace(load()["M01"], classes=("A",))
    with Stage(row.plan) as stage:
        result = run(stage, row, "in_call", seed=1, patience=PATIENCE)

    assert result.verdict == "failed"
    assert any("customers noticed" in one for one in result.why)
