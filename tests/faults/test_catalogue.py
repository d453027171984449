"""Nothing of the fault model is missing, and every row says how it is made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.catalogue import FAMILIES, load
from tests.faults.injecting import injector_of


ROOT = Path(__file__).parents[2]


def test_the_catalogue_has_every_row_of_the_fault_model() -> None:
    found = load()

    assert Counter(one[0] for one in found) == FAMILIES
    for family, count in FAMILIES.items():
        assert {f"{family}{n:02}" for n in range(1, count + 1)} <= set(found)


def test_every_injector_that_a_row_names_is_there_and_is_for_that_row() -> None:
    for fault in load().values():
        if fault.injector:
            assert callable(injector_of(fault))


def test_every_test_that_a_row_names_is_there() -> None:
    for fault in load().values():
        for node in fault.covered_by:
            file, _, name = node.partition("::")
            text = (ROOT / file).read_text("utf-8")
            assert not name or f"def {name.partition('[')[0]}(" in text, node


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('tier = "T9"\nclass = ["A"]\nstates = ["idle"]', "no tier"),
        ('tier = "T1"\nclass = ["Z"]\nstates = ["idle"]', "no classes"),
        ('tier = "T1"\nclass = ["A"]\nstates = ["asleep"]', "no states"),
        ('tier = "T1"\nclass = ["A"]', "begins in no state"),
        (
            'tier = "T1"\nclass = ["A"]\nstates = ["idle"]\ninjector = "a.b"\nwhy_untested = "?"',
            "exclude each other",
        ),
    ],
)
def test_what_is_no_row_is_refused(tmp_path: Path, row: str, told: str) -> None:
    file = tmp_path / "rows.toml"
    file.write_text(f'[[fault]]\nid = "N01"\ntitle = "t"\ndoes = "d"\n{row}\n', "utf-8")

    with pytest.raises(ValueError, match=told):
        load(file)
