"""Each border has its contract, its limits, a fuzzer and tests; none has been forgotten."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.fuzz.targets.all import TARGETS
from tests.repo.cited import known


BORDERS: dict[str, dict[str, object]] = tomllib.loads(
    Path(__file__).with_name("borders.toml").read_text(encoding="utf-8")
)
DECODERS = "decoder"


def listed(border: str, key: str) -> list[str]:
    value = BORDERS[border][key]
    assert isinstance(value, list)
    return [str(one) for one in value]


@pytest.mark.parametrize("border", BORDERS)
def test_a_border_says_what_it_may_raise_and_names_tests_there_are(border: str) -> None:
    tests = listed(border, "tests")
    missing = [
        test
        for path, _, name in (test.partition("::") for test in tests)
        if name not in known().get(path, ())
        for test in [f"{path}::{name}"]
    ]

    assert BORDERS[border].keys() == {"may_raise", "limits", "fuzz", "tests"}
    assert tests
    assert missing == []


def test_every_target_belongs_to_a_border_and_the_other_way_round() -> None:
    named = {target for border in BORDERS for target in listed(border, "fuzz")}

    assert named == {*TARGETS, DECODERS}
