"""gpiozero's pins, and its own buttons and lamps, on the kernel's lines."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gpiozero
import pytest

from kiosk.wiring.pins import KernelFactory
from tests.fakes.gpio_kernel import FakeGpioKernel
from tests.fakes.leaks import held
from tests.fakes.waiting import wait_until


@pytest.fixture
def kernel(tmp_path: Path) -> FakeGpioKernel:
    kernel = FakeGpioKernel(tmp_path)
    kernel.add()
    return kernel


@pytest.fixture
def factory(kernel: FakeGpioKernel) -> Iterator[KernelFactory]:
    factory = opened(kernel)
    yield factory
    factory.close()


def opened(kernel: FakeGpioKernel) -> KernelFactory:
    chips = kernel.chips()
    return KernelFactory(chips, chips.find())


def test_gpiozeros_button_hears_its_finger(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    heard: list[str] = []
    button = gpiozero.Button(17, pin_factory=factory)
    button.when_pressed = lambda: heard.append("down")
    button.when_released = lambda: heard.append("up")

    for high in (False, True):
        kernel.drive(17, high=high)
        assert wait_until(lambda: len(heard) == 1 + high)  # noqa: B023
    button.close()

    assert heard == ["down", "up"]
    assert not kernel.is_held(17)


def test_gpiozeros_lamp_is_lit_and_dark(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    lamp = gpiozero.LED(16, pin_factory=factory)
    lamp.on()
    lit = kernel.is_lit(16)
    lamp.toggle()

    assert (lit, kernel.is_lit(16), lamp.is_lit) == (True, False, False)


def test_a_lamp_that_is_dark_while_high_is_never_low_on_its_way(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    lamp = gpiozero.LED(16, active_high=False, initial_value=False, pin_factory=factory)

    assert (kernel.is_lit(16), kernel.line(16).driven) == (True, [True])
    lamp.on()
    assert kernel.line(16).driven == [True, False]


def test_the_lines_are_given_back_once_nobody_reads_them(
    kernel: FakeGpioKernel, factory: KernelFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = gpiozero.Button(17, pin_factory=factory)
    button.when_pressed = print
    held_then: list[bool] = []
    end_thread = factory.edges.close

    def close() -> None:
        held_then.append(kernel.is_held(17))
        end_thread()

    monkeypatch.setattr(factory.edges, "close", close)
    factory.close()

    assert held_then == [True]
    assert not kernel.is_held(17)


def test_factories_have_pins_of_their_own(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    lamp = gpiozero.LED(16, pin_factory=factory)
    other = opened(kernel)
    with pytest.raises(OSError, match="busy"):
        other.pin("GPIO16")

    other.pin("GPIO17")
    other.close()
    lamp.on()

    assert kernel.is_lit(16)
    assert not kernel.is_held(17)


def test_what_a_pin_was_told_to_be_is_what_it_says_it_is(
    factory: KernelFactory,
) -> None:
    pin = factory.pin("GPIO17")
    begins = (pin.function, pin.pull, pin.edges, pin.bounce, pin.frequency)
    pin.pull = "down"
    pin.edges = "falling"
    pulled = (pin.function, pin.pull, pin.edges)
    pin.function = "output"
    pin.state = 1

    assert begins == ("input", "floating", "both", None, None)
    assert pulled == ("input", "down", "falling")
    assert (pin.function, pin.pull, pin.state) == ("output", "floating", True)


def wrong(pin: Any, name: str, value: object) -> None:
    setattr(pin, name, value)


@pytest.mark.parametrize(
    ("number", "name", "value", "error"),
    [
        (17, "function", "pwm", gpiozero.PinInvalidFunction),
        (17, "pull", "sideways", gpiozero.PinInvalidPull),
        (17, "edges", "dull", gpiozero.PinInvalidEdges),
        (17, "state", 1, gpiozero.PinSetInput),
        (17, "bounce", 0.01, gpiozero.PinEdgeDetectUnsupported),
        (17, "frequency", 100, gpiozero.PinPWMUnsupported),
        (2, "pull", "down", gpiozero.PinFixedPull),
    ],
)
def test_what_a_pin_cannot_be_is_gpiozeros_own_error(
    factory: KernelFactory, number: int, name: str, value: object, error: Any
) -> None:
    with pytest.raises(error):
        wrong(factory.pin(f"GPIO{number}"), name, value)


def test_an_output_has_no_pull(factory: KernelFactory) -> None:
    pin = factory.pin("GPIO17")
    pin.function = "output"

    with pytest.raises(gpiozero.PinFixedPull):
        pin.pull = "up"


def test_only_the_edges_that_are_wanted_are_told_and_that_may_change(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    pin = factory.pin("GPIO17")
    told: list[int] = []

    def changed(_: float, level: int) -> None:
        told.append(level)

    pin.pull = "up"
    pin.edges = "falling"
    pin.when_changed = changed
    for high in (False, True, False):
        kernel.drive(17, high=high)
    assert wait_until(lambda: len(told) == 2)
    pin.edges = "rising"
    for high in (True, False, True):
        kernel.drive(17, high=high)

    assert wait_until(lambda: len(told) == 4)
    assert told == [0, 0, 1, 1]


def test_nothing_of_before_is_told_to_a_new_listener(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    pin = factory.pin("GPIO17")
    told: list[float] = []

    def changed(stamp_s: float, _: int) -> None:
        told.append(stamp_s)

    pin.when_changed = changed
    pin.when_changed = None
    kernel.drive(17, high=True)
    began = time.monotonic()
    pin.when_changed = changed
    kernel.drive(17, high=False)

    assert wait_until(lambda: len(told) == 1)
    assert began <= told[0] <= time.monotonic()
    assert pin.when_changed is changed


def test_a_listener_that_is_gone_is_told_nothing_and_harms_nobody(
    kernel: FakeGpioKernel, factory: KernelFactory
) -> None:
    pin, other = factory.pin("GPIO17"), factory.pin("GPIO27")
    told: list[int] = []

    def lost(_: float, level: int) -> None:
        told.append(level)

    def kept(_: float, level: int) -> None:
        told.append(level + 2)

    pin.when_changed = lost
    other.when_changed = kept
    del lost
    gc.collect()
    kernel.drive(17, high=True)
    kernel.drive(27, high=True)

    assert wait_until(lambda: told == [3])


def test_a_chip_that_is_gone_is_an_error_at_a_pin_and_none_at_the_end(
    kernel: FakeGpioKernel,
) -> None:
    before = held()
    factory = opened(kernel)
    pin = factory.pin("GPIO17")

    def changed(_: float, __: int) -> None: ...

    pin.when_changed = changed
    kernel.remove()
    with pytest.raises(OSError, match="No such device"):
        void(pin.state)
    pin.when_changed = None
    factory.close()

    assert held() == before


def void(_: object) -> None:
    """Make a statement of an expression."""
