"""What all lamps keep of their port's promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.indicators_file import FileIndicators
from kiosk.devices.indicators_gpiozero import GpiozeroIndicators
from kiosk.devices.indicators_memory import MemoryIndicators
from kiosk.ports import Indicator, Indicators
from kiosk.simulator.front import PageLamps
from kiosk.wiring import Header
from tests.fakes.gpio_kernel import FakeGpioKernel, MockPins
from tests.fakes.gpio_sim import NO_SIM, simulated_chip
from tests.fakes.leaks import held


@dataclass
class Bench:
    """Lamps, and a look at which of them are on, from outside."""

    lamps: Indicators
    look: Callable[[], set[Indicator]]
    rounds: int = 1_000


PINS = dict(zip(Indicator, (23, 24, 25, 12, 16, 20), strict=True))


def _memory(_: Path) -> Bench:
    lamps = MemoryIndicators(MonotonicClock())
    return Bench(lamps, lambda: set(lamps.lit))


def _page(_: Path) -> Bench:
    told: dict[str, bool] = {}
    lamps = PageLamps(MemoryIndicators(MonotonicClock()), told.update)
    return Bench(lamps, lambda: {lamp for lamp in Indicator if told.get(lamp.value)})


def _file(directory: Path) -> Bench:
    path = directory / "lamps.json"

    def look() -> set[Indicator]:
        if not path.exists():
            return set()
        document = json.loads(path.read_text(encoding="utf-8"))
        return {lamp for lamp in Indicator if document[lamp.value]}

    return Bench(FileIndicators(MonotonicClock(), path), look)


def _gpiozero(directory: Path) -> Bench:
    nodes = directory / "dev"
    nodes.mkdir()
    pins = MockPins(nodes)
    lamps = GpiozeroIndicators(MonotonicClock(), PINS, pins.header)

    def look() -> set[Indicator]:
        if not pins.opened:
            return set()
        return {lamp for lamp, number in PINS.items() if pins.pin(number).state}

    return Bench(lamps, look)


def _lines(directory: Path) -> Bench:
    nodes = directory / "dev"
    nodes.mkdir()
    kernel = FakeGpioKernel(nodes)
    kernel.add()

    def look() -> set[Indicator]:
        return {lamp for lamp, number in PINS.items() if kernel.is_lit(number)}

    header = Header(chips=kernel.chips())
    lamps = GpiozeroIndicators(MonotonicClock(), PINS, header)
    return Bench(lamps, look, rounds=200)


def _gpio_sim(_: Path) -> Bench:
    chip = simulated_chip()
    if chip is None:
        pytest.skip(NO_SIM)

    def look() -> set[Indicator]:
        return {lamp for lamp, number in PINS.items() if chip.is_high(number)}

    return Bench(GpiozeroIndicators(MonotonicClock(), PINS, Header()), look, rounds=50)


@pytest.fixture(
    params=[_memory, _page, _file, _gpiozero, _lines, _gpio_sim],
    ids=["memory", "page", "file", "gpiozero", "lines", "gpio_sim"],
)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    make: Callable[[Path], Bench] = request.param
    bench = make(tmp_path)
    yield bench
    bench.lamps.close()


def test_a_probe_names_the_lamps_without_touching_them(
    bench: Bench, tmp_path: Path
) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}

    probe = bench.lamps.probe()

    assert probe.found
    assert not probe.wrong
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
    assert bench.look() == set()


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


def test_many_rounds_leave_no_descriptor_and_no_thread(bench: Bench) -> None:
    before = held()

    for _ in range(bench.rounds):
        bench.lamps.set(Indicator.CAMERA_OPEN, lit=True)
        bench.lamps.close()

    assert held() == before
