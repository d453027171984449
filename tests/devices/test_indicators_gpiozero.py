"""Lamps on pins: polarity, pins of others, and chips that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.devices.indicators_gpiozero import GpiozeroIndicators
from kiosk.errors import DeviceError
from kiosk.ports import Indicator
from tests.fakes.gpio_kernel import MockPins
from tests.fakes.steady_clock import SteadyClock


PINS = {Indicator.FAULT: 16, Indicator.MUTED: 25}


@pytest.fixture
def pins(tmp_path: Path) -> MockPins:
    return MockPins(tmp_path)


def lamps(
    pins: MockPins, clock: SteadyClock | None = None, *, active_low: bool = False
) -> GpiozeroIndicators:
    return GpiozeroIndicators(
        clock or SteadyClock(), PINS, pins.header, active_low=active_low
    )


def test_the_first_lamp_opens_all_pins_dark(pins: MockPins) -> None:
    lamps(pins).set(Indicator.FAULT, lit=True)

    assert pins.pin(16).function == pins.pin(25).function == "output"
    assert (pins.pin(16).state, pins.pin(25).state) == (True, False)


def test_an_active_low_lamp_is_dark_while_its_pin_is_high(pins: MockPins) -> None:
    low = lamps(pins, active_low=True)
    low.set(Indicator.FAULT, lit=True)
    fault, muted = pins.pin(16), pins.pin(25)

    assert (fault.state, muted.state) == (False, True)
    fault.clear_states()
    low.close()
    assert fault.states[1].state is True


def test_a_lamp_that_has_no_pin_is_ignored(pins: MockPins) -> None:
    lamps(pins).set(Indicator.ON_AIR, lit=True)

    assert pins.opened == []


def test_lamps_without_a_chip_are_an_error_and_looked_for_once_a_second(
    pins: MockPins,
) -> None:
    clock = SteadyClock()
    pins.kernel.remove()
    missing = lamps(pins, clock)
    with pytest.raises(DeviceError, match=r"lamps at .* no GPIO chip at all"):
        missing.set(Indicator.FAULT, lit=True)

    pins.kernel.add()
    with pytest.raises(DeviceError, match="no GPIO chip"):
        missing.set(Indicator.FAULT, lit=True)
    clock.move(1.0)
    missing.set(Indicator.FAULT, lit=True)

    assert pins.pin(16).state


def test_a_chip_that_goes_is_an_error_and_is_used_again_when_back(
    pins: MockPins,
) -> None:
    clock = SteadyClock()
    some = lamps(pins, clock)
    some.set(Indicator.FAULT, lit=True)

    pins.kernel.remove()
    with pytest.raises(DeviceError, match="the chip is gone"):
        some.set(Indicator.MUTED, lit=True)
    pins.kernel.add()
    clock.move(1.0)
    some.set(Indicator.MUTED, lit=True)

    assert len(pins.opened) == 2
    assert (pins.pin(16).state, pins.pin(25).state) == (False, True)


def test_a_lamp_that_lost_its_light_with_the_chip_is_lit_again_by_saying_so_again(
    pins: MockPins,
) -> None:
    clock = SteadyClock()
    some = lamps(pins, clock)
    some.set(Indicator.FAULT, lit=True)

    pins.kernel.remove()
    (pins.kernel.folder / "other").touch()  # or it has the same inode again
    pins.kernel.add()
    with pytest.raises(DeviceError, match="the chip is gone"):
        some.set(Indicator.FAULT, lit=True)
    clock.move(1.0)
    some.set(Indicator.FAULT, lit=True)

    assert len(pins.opened) == 2
    assert pins.pin(16).state


def test_a_probe_names_the_pins_or_what_is_wrong(pins: MockPins) -> None:
    well = lamps(pins).probe()
    pins.kernel.remove()
    ill = lamps(pins).probe()

    assert (well.found, well.wrong) == ("lamps at GPIO 16, 25 of pinctrl-bcm2711", "")
    assert ill.wrong
    assert ill.cure
