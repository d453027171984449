"""What all buttons keep of their port's promises."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.devices.buttons_evdev import ButtonKey, EvdevButtons
from kiosk.devices.buttons_gpiozero import ButtonPin, GpiozeroButtons
from kiosk.devices.buttons_keyboard import KeyboardButtons
from kiosk.devices.buttons_none import NoButtons
from kiosk.devices.buttons_script import ScriptButtons, parse_script
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge, Buttons
from kiosk.simulator.front import PageButtons
from kiosk.wiring import Header
from kiosk.wiring.inputs import InputNodes
from tests.fakes.gpio_kernel import FakeGpioKernel, MockPins
from tests.fakes.gpio_sim import NO_SIM, simulated_chip
from tests.fakes.input_kernel import FakeInputKernel
from tests.fakes.leaks import held
from tests.fakes.uinput import NO_UINPUT, uinput_keypad
from tests.fakes.waiting import wait_until


@dataclass
class Bench:
    """Buttons, what somebody presses on them, and how to press."""

    buttons: Buttons
    press: Callable[[], None]
    expected: list[Button]
    rounds: int = 1_000


FINGER_S = 0.06
PINS = {
    Button.CALL: ButtonPin(17),
    Button.MUTE: ButtonPin(22),
    Button.HANGUP: ButtonPin(27),
}


def _keyboard(stack: ExitStack) -> Bench:
    reader, writer = os.pipe()
    stack.callback(os.close, reader)
    stack.callback(os.close, writer)
    return Bench(
        KeyboardButtons(MonotonicClock(), fd=reader),
        lambda: void(os.write(writer, b"cmh")),
        [Button.CALL, Button.MUTE, Button.HANGUP],
    )


def _script(_: ExitStack) -> Bench:
    script = parse_script("0 call\n0.01 mute\n0.02 hangup", "demo")
    return Bench(
        ScriptButtons(MonotonicClock(), script),
        lambda: None,
        [Button.CALL, Button.MUTE, Button.HANGUP],
    )


def _push_all(drive: Callable[[int, bool], None]) -> None:
    for pin in PINS.values():
        for high in (False, True):
            drive(pin.number, high)
            time.sleep(FINGER_S)


def _gpiozero(stack: ExitStack) -> Bench:
    pins = MockPins(Path(stack.enter_context(TemporaryDirectory())))

    def drive(number: int, high: bool) -> None:
        pins.drive(number, high=high)

    buttons = GpiozeroButtons(MonotonicClock(), PINS, pins.header)
    return Bench(buttons, lambda: _push_all(drive), list(PINS))


def _lines(stack: ExitStack) -> Bench:
    kernel = FakeGpioKernel(Path(stack.enter_context(TemporaryDirectory())))
    kernel.add()

    def drive(number: int, high: bool) -> None:
        kernel.drive(number, high=high)

    header = Header(chips=kernel.chips())
    buttons = GpiozeroButtons(MonotonicClock(), PINS, header)
    return Bench(buttons, lambda: _push_all(drive), list(PINS), rounds=200)


def _gpio_sim(_: ExitStack) -> Bench:
    chip = simulated_chip()
    if chip is None:
        pytest.skip(NO_SIM)

    def drive(number: int, high: bool) -> None:
        chip.pull(number, high=high)

    buttons = GpiozeroButtons(MonotonicClock(), PINS, Header())
    return Bench(buttons, lambda: _push_all(drive), list(PINS), rounds=50)


KEYS = {
    Button.CALL: ButtonKey(28, "KEY_ENTER"),
    Button.MUTE: ButtonKey(50, "KEY_M"),
    Button.HANGUP: ButtonKey(1, "KEY_ESC"),
}


def _evdev(stack: ExitStack) -> Bench:
    kernel = FakeInputKernel(Path(stack.enter_context(TemporaryDirectory())))
    stack.callback(kernel.close)
    codes = [key.code for key in KEYS.values()]
    keypad = kernel.plug("Big Pad", *codes)
    buttons = EvdevButtons(
        MonotonicClock(),
        KEYS,
        "Big Pad",
        nodes=InputNodes(kernel.folder, kernel.ioctl),
    )
    return Bench(buttons, lambda: _type_all(keypad.press), list(KEYS))


def _uinput(stack: ExitStack) -> Bench:
    codes = [key.code for key in KEYS.values()]
    keypad = stack.enter_context(uinput_keypad("Kiosk Test Pad", codes))
    if keypad is None:
        pytest.skip(NO_UINPUT)
    buttons = EvdevButtons(MonotonicClock(), KEYS, "Kiosk Test Pad")
    return Bench(buttons, lambda: _type_all(keypad.press), list(KEYS), rounds=50)


def _type_all(press: Callable[..., None]) -> None:
    for key in KEYS.values():
        for down in (True, False):
            press(key.code, down=down)
            time.sleep(FINGER_S)


def _page(stack: ExitStack) -> Bench:
    below = _keyboard(stack)
    buttons = PageButtons(below.buttons, MonotonicClock())

    def press() -> None:
        buttons.move(Button.HANGUP, down=True)
        buttons.move(Button.HANGUP, down=False)

    return Bench(buttons, press, [Button.HANGUP])


def _none(_: ExitStack) -> Bench:
    return Bench(NoButtons(), lambda: None, [])


def downs(edges: list[ButtonEdge]) -> list[Button]:
    """Return the buttons in the order in which they went down."""
    return [edge.button for edge in edges if edge.is_down]


def void(_: object) -> None:
    """Make a statement of an expression."""


@pytest.fixture(
    params=[
        _keyboard,
        _script,
        _none,
        _page,
        _gpiozero,
        _lines,
        _gpio_sim,
        _evdev,
        _uinput,
    ],
    ids=[
        "keyboard",
        "script",
        "none",
        "page",
        "gpiozero",
        "lines",
        "gpio_sim",
        "evdev",
        "uinput",
    ],
)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    make: Callable[[ExitStack], Bench] = request.param
    with ExitStack() as stack:
        bench = make(stack)
        stack.callback(bench.buttons.close)
        yield bench


def test_a_probe_names_the_buttons_without_opening_them(bench: Bench) -> None:
    before = held()

    probe = bench.buttons.probe()

    assert probe.found
    assert not probe.wrong
    assert held() == before


def test_presses_are_reported_in_order(bench: Bench) -> None:
    seen: list[ButtonEdge] = []
    bench.buttons.start(seen.append)

    bench.press()

    assert wait_until(lambda: downs(seen) == bench.expected)


def test_every_button_that_went_down_is_let_go(bench: Bench) -> None:
    seen: list[ButtonEdge] = []
    bench.buttons.start(seen.append)

    bench.press()

    assert wait_until(lambda: len(seen) == 2 * len(bench.expected))
    for button in bench.expected:
        edges = [edge.is_down for edge in seen if edge.button is button]
        assert edges == [True, False]


def test_a_press_carries_the_time_of_the_press(bench: Bench) -> None:
    seen: list[ButtonEdge] = []
    before = MonotonicClock().now()
    bench.buttons.start(seen.append)

    bench.press()

    assert wait_until(lambda: len(seen) == 2 * len(bench.expected))
    times = [edge.at for edge in seen]
    assert times == sorted(times)
    assert all(before <= at <= MonotonicClock().now() for at in times)


def test_nothing_is_reported_after_close(bench: Bench) -> None:
    seen: list[ButtonEdge] = []
    bench.buttons.start(seen.append)
    bench.buttons.close()
    before = list(seen)

    bench.press()
    time.sleep(0.05)

    assert seen == before


def test_closing_twice_or_before_the_start_is_no_error(bench: Bench) -> None:
    before = held()

    bench.buttons.close()
    bench.buttons.start(lambda _edge: None)
    bench.buttons.close()
    bench.buttons.close()

    assert held() == before


def test_buttons_may_be_closed_from_their_own_callback(bench: Bench) -> None:
    seen: list[ButtonEdge] = []

    def stop_at_first(edge: ButtonEdge) -> None:
        seen.append(edge)
        bench.buttons.close()

    bench.buttons.start(stop_at_first)
    bench.press()

    assert wait_until(lambda: downs(seen) == bench.expected[:1])
    time.sleep(0.05)
    assert downs(seen) == bench.expected[:1]
    assert len(seen) == len(bench.expected[:1])


def test_starting_twice_is_a_device_error_or_harmless(bench: Bench) -> None:
    seen: list[ButtonEdge] = []
    bench.buttons.start(seen.append)

    if bench.expected:
        with pytest.raises(DeviceError, match="already started"):
            bench.buttons.start(seen.append)
    else:
        bench.buttons.start(seen.append)
    bench.press()

    assert wait_until(lambda: downs(seen) == bench.expected)


def test_many_rounds_leave_no_descriptor_and_no_thread(bench: Bench) -> None:
    before = held()

    for _ in range(bench.rounds):
        bench.buttons.start(lambda _edge: None)
        bench.buttons.close()

    assert held() == before
