"""
Every border takes what once broke some program, and a little that nobody ever saw.

The corpora are replayed on every change; ``make fuzz`` goes on from them.
"""

from __future__ import annotations

import json
import sys

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.corpora import ALL
from tests.fuzz.parser_child import taken
from tests.fuzz.target import CORPUS, Target, corpus_of, input_of
from tests.fuzz.targets.all import TARGETS


MORE = 1_000
"""Inputs beside the corpus, the same ones each time."""


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_raises_what_is_documented_and_nothing_else(name: str) -> None:
    target = TARGETS[name]
    refused = [taken(target, given) for given in corpus_of(name)]

    # it is neither all refused at the first byte nor all let through
    assert len(refused) >= 7
    assert any(refused) or not target.may_raise


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_made_of_the_corpus_does_neither(name: str) -> None:
    target = TARGETS[name]
    for number in range(MORE):
        given = input_of(target, 7, number)
        try:
            taken(target, given)
        except Exception as error:
            error.add_note(f"input {number} of seed 7: {given[:200]!r}")
            raise


def test_each_target_has_a_corpus_and_each_corpus_a_target() -> None:
    folders = {folder.name for folder in CORPUS.iterdir()}

    assert folders == TARGETS.keys() == ALL.keys()


def test_an_input_is_the_same_for_the_same_number() -> None:
    target = TARGETS["room_answer"]
    once = [input_of(target, 3, number) for number in range(50)]

    assert [input_of(target, 3, number) for number in range(50)] == once
    assert [input_of(target, 4, number) for number in range(50)] != once


def test_a_reader_that_trusts_its_json_would_be_found() -> None:
    def naive(given: bytes) -> None:
        wire = json.loads(given.partition(b"\n")[2])
        json.dumps(wire, ensure_ascii=False).encode()
        assert int(wire["code"]) < 6000

    trusting = Target("room_answer", naive, (json.JSONDecodeError, KeyError))
    found: set[type[BaseException]] = set()
    for given in corpus_of("room_answer"):
        try:
            trusting.take(given)
        except Exception as error:  # noqa: BLE001 -- they are what is counted
            found.add(type(error))

    assert found >= {RecursionError, UnicodeEncodeError, TypeError, OverflowError}


def test_a_child_gives_a_target_its_inputs() -> None:
    command = (sys.executable, "-m", "tests.fuzz.parser_child", "rtmp_url", "30")
    found = campaign(300, 5, command)

    assert found.deaths == []
    assert found.kinds["rtmp_url"] == 300
    assert found.reached["refused"] > 100
    assert found.memory_kb


def test_a_child_that_ends_early_is_a_finding_and_the_next_goes_on() -> None:
    command = (
        sys.executable,
        "-m",
        "tests.fuzz.parser_child",
        "nothing_of_the_kind",
        "30",
    )
    found = campaign(2, 5, command)

    assert [death.status for death in found.deaths] == [1, 1]
