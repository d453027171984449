"""What all buttons keep of their port's promises."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from kiosk.devices.buttons_keyboard import KeyboardButtons
from kiosk.devices.buttons_none import NoButtons
from kiosk.devices.buttons_script import ScriptButtons, parse_script
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Button, Buttons, Micros
from tests.fakes.leaks import held
from tests.fakes.waiting import wait_until


@dataclass
class Bench:
    """Buttons, what somebody presses on them, and how to press."""

    buttons: Buttons
    press: Callable[[], None]
    expected: list[Button]


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


def _none(_: ExitStack) -> Bench:
    return Bench(NoButtons(), lambda: None, [])


def void(_: object) -> None:
    """Make a statement of an expression."""


@pytest.fixture(params=[_keyboard, _script, _none], ids=["keyboard", "script", "none"])
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
    seen: list[Button] = []
    bench.buttons.start(lambda button, _: seen.append(button))

    bench.press()

    assert wait_until(lambda: seen == bench.expected)


def test_a_press_carries_the_time_of_the_press(bench: Bench) -> None:
    times: list[Micros] = []
    before = MonotonicClock().now()
    bench.buttons.start(lambda _, at: times.append(at))

    bench.press()

    assert wait_until(lambda: len(times) == len(bench.expected))
    assert times == sorted(times)
    assert all(before <= at <= MonotonicClock().now() for at in times)


def test_nothing_is_reported_after_close(bench: Bench) -> None:
    seen: list[Button] = []
    bench.buttons.start(lambda button, _: seen.append(button))
    bench.buttons.close()
    before = list(seen)

    bench.press()
    time.sleep(0.05)

    assert seen == before


def test_closing_twice_or_before_the_start_is_no_error(bench: Bench) -> None:
    before = held()

    bench.buttons.close()
    bench.buttons.start(lambda _button, _at: None)
    bench.buttons.close()
    bench.buttons.close()

    assert held() == before


def test_buttons_may_be_closed_from_their_own_callback(bench: Bench) -> None:
    seen: list[Button] = []

    def stop_at_first(button: Button, _: Micros) -> None:
        seen.append(button)
        bench.buttons.close()

    bench.buttons.start(stop_at_first)
    bench.press()

    assert wait_until(lambda: seen == bench.expected[:1])
    time.sleep(0.05)
    assert seen == bench.expected[:1]


def test_starting_twice_is_a_device_error_or_harmless(bench: Bench) -> None:
    seen: list[Button] = []
    bench.buttons.start(lambda button, _: seen.append(button))

    if bench.expected:
        with pytest.raises(DeviceError, match="already started"):
            bench.buttons.start(lambda button, _: seen.append(button))
    else:
        bench.buttons.start(lambda button, _: seen.append(button))
    bench.press()

    assert wait_until(lambda: seen == bench.expected)


def test_a_hundred_rounds_leave_no_descriptor_and_no_thread(bench: Bench) -> None:
    before = held()

    for _ in range(100):
        bench.buttons.start(lambda _button, _at: None)
        bench.buttons.close()

    assert held() == before
