"""Killed at any call, every file the product keeps is the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powerloss.cuts import NoCuts, cut_often
from tests.powerloss.kills import ALL, CALLS, kill_each, prepare
from tests.powerloss.writers import NAIVE, WRITERS, scratch


IS_ROOT = os.geteuid() == 0
CUTS = 60
"""Of a fifth of them, one that writes in place has a torn state, or an old one."""


@pytest.fixture(scope="module")
def states() -> Iterator[Path]:
    with scratch() as name:
        prepare(Path(name), ALL)
        yield Path(name)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("when", [1, 2])
def test_killed_at_a_call_every_file_is_the_old_or_the_new(
    states: Path, call: str, when: int
) -> None:
    kills = kill_each(states, call, when)

    wrong = [one for one in kills if not one.is_right]
    assert not wrong
    assert any(one.was_killed for one in kills)
    assert {one.writer for one in kills} == WRITERS.keys()


def test_the_harness_fails_on_a_writer_that_writes_in_place(states: Path) -> None:
    (naive,) = kill_each(states, "write", 1, ["naive"])

    assert naive.was_killed
    assert not naive.is_right


@pytest.mark.skipif(not IS_ROOT, reason="needs root: loop devices")
def test_the_power_cut_is_told_of_by_writers_that_do_not_sync_and_by_no_other() -> None:
    names = ["ladder history", "call archive", "sheet of a fleet", *NAIVE]
    try:
        cuts = cut_often(names, CUTS, seed=8)
    except NoCuts as error:
        pytest.skip(f"needs root: loop devices ({error})")

    for name, one in cuts.items():
        assert one.tried == CUTS
        if name in NAIVE:
            assert one.wrong or one.lost, name
        else:
            assert (one.wrong, one.lost) == ([], 0), name
