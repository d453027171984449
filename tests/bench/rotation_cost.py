"""
What turning a picture costs the processor, beside FFmpeg's own turn.

For a display that hangs on its side (``[display] rotation``) and cannot turn by
itself.  Time of the processor, not of the clock, the middle of many pictures; every
row on one thread.  A page is turned by the standard library until numpy is there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from kiosk.codec.av_frames import soft_frame_of
from kiosk.display.rotation import turned_by_slices
from kiosk.display.turned_planes import PlaneTurner, turned_page_pixels
from kiosk.ports import Micros, PageFrame
from tests.bench.report import Bar, Result, Table


SIZES = ((640, 360), (1280, 720), (1920, 1080))
JUDGED = (1280, 720)
MOST_MS = 1.0
TURNS = (90, 180, 270)
FILTERS = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}
COUNT, COUNT_FULL = 60, 300


def run(*, full: bool) -> Result:
    count = COUNT_FULL if full else COUNT
    pictures = [
        (
            f"{width}x{height} by {degrees}",
            _ms(_turner(width, height, degrees), count),
            _ms(_ffmpeg(width, height, degrees), count),
        )
        for width, height in SIZES
        for degrees in TURNS
    ]
    pages = [_page_row(width, height, count) for width, height in SIZES]
    worst = max(row[1] for row in pictures if row[0].startswith(_name(JUDGED)))
    return Result(
        "rotation_cost",
        [
            Table(
                "a picture, ms of CPU", ("turn", "ours", "FFmpeg's filter"), pictures
            ),
            Table("a page, ms of CPU", ("turn", "numpy", "standard library"), pages),
        ],
        [Bar(f"a picture of {_name(JUDGED)}, the slowest turn", worst, MOST_MS)],
        numbers={"pictures": pictures, "pages": pages},
    )


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _page_row(width: int, height: int, count: int) -> tuple[str, float, float]:
    page = PageFrame(width, height, bytes(width * height * 4))
    with_numpy = partial(turned_page_pixels, page.pixels, width, height, 90)
    without = partial(turned_by_slices, page, 90)
    name = f"{_name((width, height))} by 90"
    return name, _ms(with_numpy, count), _ms(without, count // 4)


def _noise(width: int, height: int) -> VideoFrame:
    rows = np.random.default_rng(7).integers(0, 256, (height * 3 // 2, width), np.uint8)
    return VideoFrame.from_ndarray(rows, format="yuv420p")


def _turner(width: int, height: int, degrees: int) -> Callable[[], object]:
    frame = soft_frame_of(_noise(width, height), Micros(0))
    turner = PlaneTurner(degrees)
    return lambda: turner.turned(frame)


def _ffmpeg(width: int, height: int, degrees: int) -> Callable[[], object]:
    frame = _noise(width, height)
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=width,
        height=height,
        format=VideoFormat("yuv420p"),
        time_base=Fraction(1, 1000),
    )
    steps = [
        graph.add(name, argument)
        for name, _, argument in (f.partition("=") for f in FILTERS[degrees].split(","))
    ]
    graph.link_nodes(source, *steps, graph.add("buffersink")).configure()

    def turn() -> object:
        graph.push(frame)
        return graph.pull()

    return turn


def _ms(turn: Callable[[], object], count: int) -> float:
    spent = []
    for _ in range(count):
        began = time.process_time_ns()
        turn()
        spent.append(time.process_time_ns() - began)
    return statistics.median(spent) / 1e6
