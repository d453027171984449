"""
What a worn button costs and how late it is heard, beside its wire as it is.

Ten thousand presses of the model in ``tests/fakes/bounce.py`` go through the whole
adapter and gpiozero's mock pins, in time that the bench moves; so does the peer, a
gpiozero button on the same pins, whose only filter is the kernel's (mock pins have
none).  Then a hundred presses, and a storm of 1 kHz, in real time: the storm's cost
is that of the process with the adapter less that of the same pins without it.  Last
the adapter on lines with descriptors, as the kernel has them (their edges come through
a FIFO): what its threads cost while nobody presses, and in such a storm.
"""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import gpiozero
from gpiozero.pins.mock import MockFactory

from kiosk.devices.buttons_gpiozero import ButtonPin, GpiozeroButtons
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import Button, ButtonEdge, ButtonFault
from kiosk.wiring import Header
from tests.bench.report import Bar, Result, Table
from tests.fakes.bounce import storm, worn_button
from tests.fakes.gpio_kernel import FakeGpioKernel, MockPins
from tests.fakes.stepped import SteppedTime


PRESSES = 10_000
LATEST_MS = 80.0
MOST_CPU = 5.0
"""Percent of a core."""
MOST_IDLE_CPU = 0.1
REAL, REAL_FULL = 40, 200
STORM_S, STORM_FULL_S = 4.0, 10.0
LINE = 17
CALL = {Button.CALL: ButtonPin(LINE)}


def run(*, full: bool) -> Result:
    with TemporaryDirectory() as place:
        nodes = [Path(place) / name for name in ("given", "real", "storm", "lines")]
        for folder in nodes:
            folder.mkdir()
        counted, worst_ms, edges = _given_time(nodes[0])
        real_ms = _real_time(nodes[1], REAL_FULL if full else REAL)
        cpu, faults, presses = _storm(nodes[2], STORM_FULL_S if full else STORM_S)
        idle, on_lines = _on_lines(nodes[3], STORM_FULL_S if full else STORM_S)
    rows = [
        ("edges on the wire", edges),
        ("presses by the kiosk", counted),
        ("presses by a gpiozero button, without a kernel's filter", _peer()),
    ]
    late = [
        ("given time, 10,000 presses, worst", worst_ms),
        ("real time, median", statistics.median(real_ms)),
        ("real time, worst", max(real_ms)),
    ]
    storms = [
        ("processor, % of a core", cpu),
        ("faults told (begin, end)", faults),
        ("presses told", presses),
        ("on lines with descriptors, % of a core", on_lines),
        ("the same, while nobody presses", idle),
    ]
    return Result(
        "buttons",
        [
            Table(f"{PRESSES} presses of a worn button", ("what", "count"), rows),
            Table("press to event, ms", ("how", "ms"), late),
            Table("a storm of 1 kHz", ("what", "measured"), storms),
        ],
        [
            Bar("presses missed or made up of 10,000", abs(counted - PRESSES), 0, ""),
            Bar("press to event, given time, worst", worst_ms, LATEST_MS),
            Bar("press to event, real time, median", late[1][1], LATEST_MS),
            Bar("a storm of 1 kHz, of a core", cpu, MOST_CPU, "%"),
            Bar("reactions to a storm: presses", presses, 1, ""),
            Bar("the same on lines with descriptors", on_lines, MOST_CPU, "%"),
            Bar("listening, while nobody presses", idle, MOST_IDLE_CPU, "%"),
        ],
        numbers={"real_ms": real_ms, "storm_cpu": cpu, "idle_cpu": idle},
    )


def _given_time(folder: Path) -> tuple[int, float, int]:
    """Return presses counted, the latest of them, and how many edges there were."""
    clock = SteppedTime()
    pins = MockPins(folder, clock.wall_s)
    told: list[int] = []

    def on_edge(edge: ButtonEdge) -> None:
        if edge.is_down:
            told.append(clock.now())

    buttons = GpiozeroButtons(clock, CALL, pins.header, pace=clock)
    buttons.start(on_edge)
    clock.settle()
    trace = worn_button(PRESSES, seed=31)
    for at, is_closed in trace.edges:
        clock.pass_to(at)
        pins.drive(LINE, high=not is_closed)
    clock.pass_to(trace.edges[-1][0] + 1_000_000)
    buttons.close()
    downs = (push.down_us for push in trace.pushes)
    late = [at - down for at, down in zip(told, downs, strict=False)]
    return len(told), max(late) / 1_000, len(trace.edges)


def _peer() -> int:
    factory = MockFactory()
    heard: list[float] = []
    button = gpiozero.Button(LINE, bounce_time=0.05, pin_factory=factory)
    button.when_pressed = lambda: heard.append(0.0)
    pin = factory.pin(f"GPIO{LINE}")
    for _, is_closed in worn_button(PRESSES, seed=31).edges:
        if is_closed:
            pin.drive_low()
        else:
            pin.drive_high()
    button.close()
    return len(heard)


def _real_time(folder: Path, presses: int) -> list[float]:
    pins, clock = MockPins(folder), MonotonicClock()
    told: list[int] = []

    def on_edge(edge: ButtonEdge) -> None:
        if edge.is_down:
            told.append(clock.now())

    buttons = GpiozeroButtons(clock, CALL, pins.header)
    buttons.start(on_edge)
    late: list[float] = []
    for trace in (worn_button(1, seed=100 + number) for number in range(presses)):
        begin = clock.now() - trace.edges[0][0]
        for at, is_closed in trace.edges:
            if at > trace.pushes[0].down_us + 100_000:
                break
            time.sleep(max(0, begin + at - clock.now()) / 1_000_000)
            pins.drive(LINE, high=not is_closed)
        time.sleep(0.06)
        pins.drive(LINE, high=True)
        time.sleep(0.1)
        late.append((told[-1] - begin - trace.pushes[0].down_us) / 1_000)
    buttons.close()
    return late


def _storm(folder: Path, seconds: float) -> tuple[float, int, int]:
    """Return percent of a core, faults told, and presses told."""
    pins, clock = MockPins(folder), MonotonicClock()
    presses: list[ButtonEdge] = []
    faults: list[ButtonFault] = []
    buttons = GpiozeroButtons(clock, CALL, pins.header)
    buttons.start(presses.append, faults.append)
    with_us = _storm_cost(pins, seconds)
    time.sleep(1.5)
    buttons.close()
    pins.header.open()
    without = _storm_cost(pins, seconds)
    downs = sum(edge.is_down for edge in presses)
    return 100 * max(0.0, with_us - without) / seconds, len(faults), downs


def _storm_cost(pins: MockPins, seconds: float) -> float:
    """Return the processor's seconds of a storm."""
    edges = storm(0, seconds, seed=32)
    begin, used = time.monotonic(), time.process_time()
    for at, is_closed in edges:
        time.sleep(max(0.0, begin + at / 1_000_000 - time.monotonic()))
        pins.drive(LINE, high=not is_closed)
    return time.process_time() - used


def _on_lines(folder: Path, seconds: float) -> tuple[float, float]:
    """Return percent of a core while nobody presses, and in a storm."""
    kernel = FakeGpioKernel(folder)
    kernel.add()
    header = Header(chips=kernel.chips())
    buttons = GpiozeroButtons(MonotonicClock(), CALL, header)
    buttons.start(lambda _: None)
    time.sleep(0.2)
    used = _used_by_threads()
    time.sleep(seconds)
    idle = _used_by_threads() - used
    begin, used = time.monotonic(), _used_by_threads()
    for at, is_closed in storm(0, seconds, seed=33):
        time.sleep(max(0.0, begin + at / 1_000_000 - time.monotonic()))
        kernel.drive(LINE, high=not is_closed)
    took, stormed = time.monotonic() - begin, _used_by_threads() - used
    buttons.close()
    return 100 * idle / seconds, 100 * stormed / took


def _used_by_threads() -> float:
    """Return the processor's seconds of those that hear and judge edges."""
    clocks = (
        time.pthread_getcpuclockid(thread.ident)
        for thread in threading.enumerate()
        if thread.ident is not None and thread.name in {"gpio", "buttons"}
    )
    return sum(map(time.clock_gettime, clocks))
