"""What all lamps keep of their port's promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.indicators_file import FileIndicators
from kiosk.devices.indicators_memory import MemoryIndicators
from kiosk.ports import Indicator, Indicators
from tests.fakes.leaks import held


@dataclass
class Bench:
    """Lamps, and a look at which of them are on, from outside."""

    lamps: Indicators
    look: Callable[[], set[Indicator]]


def _memory(_: Path) -> Bench:
    lamps = MemoryIndicators(MonotonicClock())
    return Bench(lamps, lambda: set(lamps.lit))


def _file(directory: Path) -> Bench:
    path = directory / "lamps.json"

    def look() -> set[Indicator]:
        if not path.exists():
            return set()
        document = json.loads(path.read_text(encoding="utf-8"))
        return {lamp for lamp in Indicator if document[lamp.value]}

    return Bench(FileIndicators(MonotonicClock(), path), look)


@pytest.fixture(params=[_memory, _file], ids=["memory", "file"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    make: Callable[[Path], Bench] = request.param
    return make(tmp_path)


def test_a_probe_names_the_lamps_without_touching_them(
    bench: Bench, tmp_path: Path
) -> None:
    probe = bench.lamps.probe()

    assert probe.found
    assert not probe.wrong
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lamp", Indicator)
def test_a_lamp_that_is_set_is_lit_and_no_other(bench: Bench, lamp: Indicator) -> None:
    bench.lamps.set(lamp, lit=True)

    assert bench.look() == {lamp}


def test_a_lamp_goes_out_when_it_is_switched_off(bench: Bench) -> None:
    bench.lamps.set(Indicator.MUTED, lit=True)
    bench.lamps.set(Indicator.IN_CALL, lit=True)

    bench.lamps.set(Indicator.MUTED, lit=False)

    assert bench.look() == {Indicator.IN_CALL}


def test_setting_a_lamp_twice_is_the_same_as_once(bench: Bench) -> None:
    bench.lamps.set(Indicator.FAULT, lit=True)
    bench.lamps.set(Indicator.FAULT, lit=True)
    bench.lamps.set(Indicator.ON_AIR, lit=False)

    assert bench.look() == {Indicator.FAULT}


def test_closing_switches_all_lamps_off(bench: Bench) -> None:
    for lamp in Indicator:
        bench.lamps.set(lamp, lit=True)

    bench.lamps.close()
    bench.lamps.close()

    assert bench.look() == set()


def test_a_hundred_rounds_leave_no_descriptor_and_no_thread(bench: Bench) -> None:
    before = held()

    for _ in range(100):
        bench.lamps.set(Indicator.CAMERA_OPEN, lit=True)
        bench.lamps.close()

    assert held() == before
