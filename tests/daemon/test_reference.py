"""The short name of a call."""

from __future__ import annotations

import pytest

from kiosk.daemon.reference import reference_of


@pytest.mark.parametrize(
    ("chance", "reference"),
    [(0.0, "000-000"), (0.5, "G00-000"), (1 - 2**-30, "ZZZ-ZZZ")],
)
def test_a_reference_is_six_letters_that_nobody_confuses(
    chance: float, reference: str
) -> None:
    assert reference_of(chance) == reference
