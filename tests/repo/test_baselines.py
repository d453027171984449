"""The tables of security baselines: every provision once, every cited test there is."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.reliability.baselines import REASONS, Provision, provisions
from tests.repo.cited import ROOT, known


ETSI = {  # how many provisions each heading of EN 303 645 has
    "5.1": 5,
    "5.2": 3,
    "5.3": 16,
    "5.4": 4,
    "5.5": 8,
    "5.6": 9,
    "5.7": 2,
    "5.8": 3,
    "5.9": 3,
    "5.10": 1,
    "5.11": 4,
    "5.12": 3,
    "5.13": 1,
    "6": 5,
}
NIST = 6
OWASP = 10


def test_every_provision_stands_there_once() -> None:
    rows = provisions()
    etsi = [row.id for row in rows if row.baseline.startswith("ETSI")]

    assert etsi == [
        f"{heading}-{number}"
        for heading, count in ETSI.items()
        for number in range(1, count + 1)
    ]
    assert max(Counter((row.baseline, row.id) for row in rows).values()) == 1
    assert sum(row.baseline.startswith("NIST") for row in rows) == NIST
    assert sum(row.baseline.startswith("OWASP") for row in rows) == OWASP


@pytest.mark.parametrize(
    "row", provisions(), ids=lambda row: f"{row.baseline} {row.id}"
)
def test_a_provision_has_tests_that_exist_or_a_reason(row: Provision) -> None:
    assert row.tests or row.reason.startswith(REASONS)
    for cited in row.tests:
        file, _, name = cited.partition("::")
        assert (ROOT / file).exists(), cited
        assert not name or name in known()[file], cited
