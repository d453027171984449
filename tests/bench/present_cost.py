"""
What presenting a picture costs the processor: on planes, and beside that as RGB.

Plan A copies the three colour planes of a decoded picture into memory that the display
fetches, and commits one property; the display hardware converts and scales.  Without
planes swscale makes RGB of every picture, which is copied too.  Both in one process, in
turns; time of the processor, the middle of the rounds.  The fake kernel stands for the
real one, and what it takes is part of the figure.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import av
import numpy as np
from av.video.frame import VideoFrame

from kiosk.codec.av_frames import soft_frame_of
from kiosk.codec.rescale import Rescaler
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DrmDisplay
from kiosk.display.outputs import Wish, choose_output
from kiosk.display.plan import Rung
from kiosk.display.testing import FakeKernel
from kiosk.ports import Layer, Micros, SoftFrame
from tests.bench.report import Bar, Result, Table


ROUNDS, ROUNDS_FULL = 60, 300
MOST_MS = 0.5
SIZES = ((1280, 720), (1920, 1080))
PLANS = {
    "vc4-gen5": "planes, plan A",
    "vkms-new": "planes, plan B",
    "vkms-old": "planes, plan C2",
    "virtio-gpu": "one plane, plan C",
}
_DISPLAY = (1280, 720)

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU, the middle of the rounds."""

    name: str
    p50: float
    most: float


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    tables: list[Table] = []
    judged: float | None = None
    for size in SIZES:
        costs = _costs(size, rounds)
        if size == _DISPLAY:
            judged = costs[0].p50
        rows = [(cost.name, cost.p50, cost.most) for cost in costs]
        title = f"a picture of {size[0]}x{size[1]} on a display of 1280x720, ms of CPU"
        tables.append(Table(title, ("way", "p50", "max"), rows))
    bars = [Bar("a picture of 1280x720 in plan A", judged, MOST_MS)]
    notes = [f"PyAV {av.__version__}; swscale on one thread where it can be told"]
    return Result("present_cost", tables, bars, notes)


def _costs(size: tuple[int, int], rounds: int) -> list[Cost]:
    frame = _decoded(size)
    displays = {name: _display(profile) for profile, name in PLANS.items()}
    steps: dict[str, Step] = {
        name: _presented(*pair, frame) for name, pair in displays.items()
    }
    steps["swscale to RGB and one copy"] = _as_rgb(frame)
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            spent[name].append(_ms(step))
    for display, _ in displays.values():
        display.close()
    return [
        Cost(name, statistics.median(times), max(times))
        for name, times in spent.items()
    ]


def _decoded(size: tuple[int, int]) -> SoftFrame:
    width, height = size
    rows = np.random.default_rng(7).integers(
        16, 235, (height * 3 // 2, width), np.uint8
    )
    frame = VideoFrame.from_ndarray(rows, format="yuv420p")
    return soft_frame_of(frame, Micros(0))


def _display(profile: str) -> tuple[DrmDisplay, FakeKernel]:
    kernel = FakeKernel(profile, watches_writes=False)
    display = DrmDisplay(
        MonotonicClock(),
        lambda: kernel,
        lambda connectors: choose_output(connectors, Wish(size=_DISPLAY)),
    )
    display.open()
    assert profile != "vc4-gen5" or display.rung is Rung.A
    return display, kernel


def _presented(display: DrmDisplay, kernel: FakeKernel, frame: SoftFrame) -> Step:
    def step() -> None:
        display.show(Layer.BASE, frame)
        kernel.vblank()
        display.look()

    return step


def _as_rgb(frame: SoftFrame) -> Step:
    rescaler = Rescaler()
    memory = bytearray(_DISPLAY[0] * _DISPLAY[1] * 4)

    def step() -> None:
        pixels, _ = rescaler.bgr0(frame, *_DISPLAY)
        memory[:] = pixels[: len(memory)]

    return step


def _ms(step: Step) -> float:
    began = time.process_time_ns()
    step()
    return (time.process_time_ns() - began) / 1e6
