"""Twenty thousand broken units for every change; a million in the benchmarks."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.fuzz.campaign import campaign
from tests.fuzz.seeds import made_seeds
from tests.fuzz.units import Kind, unit


UNITS = 20_000


def test_broken_units_cost_pictures_and_sound_and_nothing_else() -> None:
    found = campaign(UNITS, seed=7)

    assert found.deaths == []
    assert set(found.kinds) == {kind.value for kind in Kind}
    assert sum(found.kinds.values()) == UNITS
    assert found.grown_mb <= 8
    assert found.descriptors[0] == found.descriptors[-1]
    # they come as far as the decoders, the ear and the eye
    assert found.reached["decoded"] > UNITS / 4
    assert found.reached["damaged"] > UNITS / 40
    assert found.reached["shown"] > UNITS / 40
    assert found.reached["heard_ms"] > UNITS
    assert found.reached["connections"] > UNITS / 40


def test_the_same_number_is_always_the_same_unit(tmp_path: Path) -> None:
    seeds = made_seeds(tmp_path)
    once = [unit(seeds, 1, number) for number in range(50)]

    assert [unit(seeds, 1, number) for number in range(50)] == once
    assert [unit(seeds, 2, number) for number in range(50)] != once


DYING = """
import os, pathlib, struct, sys, time
progress, seed, first, end = pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:])
for number in range(first, end):
    progress.write_bytes(struct.pack("=Q", number))
    if number == 3:
        print("what it died of", flush=True)
        os.abort()
    if number == 5:
        time.sleep(60)
    if number == 7:
        raise RuntimeError
"""


def test_children_that_die_or_hang_are_counted_and_the_next_goes_on() -> None:
    found = campaign(9, 1, [sys.executable, "-c", DYING], hang_s=1.0)
    died = [(death.number, death.status) for death in found.deaths]

    assert died == [(3, -signal.SIGABRT), (5, None), (7, 1)]
    assert (found.crashes, found.hangs) == (2, 1)
    assert "what it died of" in found.deaths[0].words
    assert "RuntimeError" in found.deaths[2].words
