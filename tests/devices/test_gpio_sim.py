"""Buttons and lamps on the kernel's simulated lines: the real driver and interface."""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, pairwise
from pathlib import Path

import pytest

from kiosk.devices.buttons_gpiozero import ButtonPin, GpiozeroButtons
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.indicators_gpiozero import GpiozeroIndicators
from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge, ButtonFault, Indicator
from kiosk.wiring import Header
from tests.fakes.bounce import APART_US, GLITCH_US, Trace, worn_button
from tests.fakes.gpio_sim import NO_SIM, SimulatedChip, simulated_chip
from tests.fakes.waiting import wait_until


PRESSES = 200
LEAST = 10
PLAYED_US = 150_000_000
SETTLED_S = 0.1
LINE = 17
MACHINE_US = 18_000
"""A pulse of the wire that takes so long is the machine's, not the button's."""
IDLE_S = 10.0
CLOCK = MonotonicClock()


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def chip() -> Iterator[SimulatedChip]:
    found = simulated_chip()
    if found is None:
        pytest.skip(NO_SIM)
    yield found
    found.pull(LINE, high=True)


def _play(chip: SimulatedChip, edges: list[tuple[int, bool]]) -> list[tuple[int, int]]:
    """Pull the line at the times of a trace; return since and until when each was."""
    begin = CLOCK.now() - edges[0][0] + 50_000
    pulled: list[tuple[int, int]] = []
    for at, is_closed in edges:
        time.sleep(max(0.0, (begin + at - CLOCK.now()) / 1_000_000))
        since = CLOCK.now()
        chip.pull(LINE, high=not is_closed)
        pulled.append((since, CLOCK.now()))
    return pulled


@pytest.mark.timeout(300)
def test_two_hundred_presses_of_a_worn_button_are_reported_exactly(
    chip: SimulatedChip, closing: ExitStack
) -> None:
    """
    On a machine that is too busy to play a bounce (a pulse of it takes longer than a
    worn button's), that press is not judged, and fewer are played in the time.
    """
    edges: list[ButtonEdge] = []
    faults: list[ButtonFault] = []
    told: list[int] = []

    def on_edge(edge: ButtonEdge) -> None:
        edges.append(edge)
        told.append(CLOCK.now())

    buttons = GpiozeroButtons(CLOCK, {Button.CALL: ButtonPin(LINE)}, Header())
    closing.callback(buttons.close)
    buttons.start(on_edge, faults.append)
    until = CLOCK.now() + PLAYED_US
    late_ms: list[float] = []
    for seed in count():
        if len(late_ms) == PRESSES or CLOCK.now() > until:
            break
        trace, before = worn_button(1, seed, in_a_hurry=True), len(edges)
        pulled = _play(chip, trace.edges)
        time.sleep(SETTLED_S)
        if _is_paused(trace, pulled):
            continue
        assert wait_until(lambda: len(edges) >= before + 2), trace  # noqa: B023
        assert [edge.is_down for edge in edges[before:]] == [True, False], trace
        late_ms.append((told[before] - pulled[0][0]) / 1000)

    assert faults == []
    assert len(late_ms) >= LEAST
    sys.stdout.write(
        f"\n{len(late_ms)} presses with up to 30 ms of bouncing, press to event: "
        f"median {statistics.median(late_ms):.1f} ms, worst {max(late_ms):.1f} ms\n"
    )


def _is_paused(trace: Trace, pulled: list[tuple[int, int]]) -> bool:
    """Whether the machine made a pulse longer than a worn button does."""
    gaps = zip(pairwise(trace.edges), pairwise(pulled), strict=True)
    return any(
        (at - before) > MACHINE_US and (then - since) <= APART_US[1] + GLITCH_US[1]
        for ((since, _), (then, _)), ((before, _), (_, at)) in gaps
    )


def _sleeps() -> int:
    """Return how often the thread that hears edges went to sleep."""
    (thread,) = (each for each in threading.enumerate() if each.name == "gpio")
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def test_while_nobody_presses_the_thread_that_hears_edges_sleeps(
    chip: SimulatedChip, closing: ExitStack
) -> None:
    buttons = GpiozeroButtons(CLOCK, {Button.CALL: ButtonPin(LINE)}, Header())
    closing.callback(buttons.close)
    buttons.start(lambda _: None)
    time.sleep(SETTLED_S)
    slept, worked = _sleeps(), time.process_time()

    time.sleep(IDLE_S)

    share = (time.process_time() - worked) / IDLE_S
    sys.stdout.write(f"\nlistening and idle: {share:.3%} of a core\n")
    assert _sleeps() == slept


def test_a_line_in_use_is_a_device_error_that_says_so_and_frees_the_others(
    chip: SimulatedChip,
) -> None:
    lamps = GpiozeroIndicators(CLOCK, {Indicator.FAULT: LINE}, Header())
    buttons = GpiozeroButtons(
        CLOCK, {Button.MUTE: ButtonPin(22), Button.CALL: ButtonPin(LINE)}, Header()
    )
    lamps.set(Indicator.FAULT, lit=True)

    with pytest.raises(DeviceError, match=r"buttons at GPIO 17: .*in use"):
        buttons.start(lambda _: None)
    lamps.close()
    buttons.start(lambda _: None)
    buttons.close()


def test_a_lamp_is_dark_when_it_was_closed_whatever_its_polarity(
    chip: SimulatedChip,
) -> None:
    high = GpiozeroIndicators(CLOCK, {Indicator.FAULT: 16}, Header())
    low = GpiozeroIndicators(CLOCK, {Indicator.MUTED: 25}, Header(), active_low=True)
    for lamps, lamp in ((high, Indicator.FAULT), (low, Indicator.MUTED)):
        lamps.set(lamp, lit=True)
    assert (chip.is_high(16), chip.is_high(25)) == (True, False)

    low.set(Indicator.MUTED, lit=False)
    assert chip.is_high(25)
    high.close()
    low.close()
    assert not chip.is_high(16)
