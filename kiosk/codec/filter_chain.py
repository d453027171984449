"""
FFmpeg's filters on pictures, one in and one out: what swscale is used through.

Their frames have room behind every line: swscale writes beyond lines that are no multiple
of its vectors, which in PyAV 14's own frames is somebody else's memory (seen: "malloc():
invalid size", 66x50), and leaves out the last columns where it knows of no room.
"""

# PyAV's stubs leave the buffers of planes open.
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from kiosk.codec.i420 import I420, Plane, planes_of
from kiosk.ports import ColourMatrix


_TIME_BASE: Final = Fraction(1, 1000)

Steps = tuple[tuple[str, str], ...]
"""Filters in their order: name and argument."""


class FilterChain:
    """Filters that are set up anew only when what they do changes."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._graph: Graph | None = None

    def filtered(self, frame: VideoFrame, steps: Steps) -> VideoFrame:
        """Return what the filters make of a picture."""
        size, form = (frame.width, frame.height), frame.format.name
        key = size, form, steps
        graph = self._graph
        if graph is None or key != self._key:
            graph = Graph()
            source = graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=VideoFormat(form),
                time_base=_TIME_BASE,
            )
            nodes = [graph.add(name, argument) for name, argument in steps]
            graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
            self._graph, self._key = graph, key
        graph.push(frame)
        made = graph.pull()
        assert isinstance(made, VideoFrame)
        return made


def rows_of(frame: VideoFrame, index: int) -> Plane:
    """Return the lines of a plane, with what lies behind them (a view)."""
    plane = frame.planes[index]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


def to_i420(
    width: int,
    height: int,
    *,
    matrix: ColourMatrix,
    full_range: bool,
    keeps_colours: bool = False,
) -> Steps:
    """
    Return the filters that make I420 of a size out of anything.

    Args:
        width: Of what is made, even.
        height: Of what is made, even.
        matrix: Of what comes.
        full_range: Of what comes.
        keeps_colours: Matrix and range stay; otherwise they become BT.601 in limited
            range, as our encoder tells its viewers.

    """
    came = "full" if full_range else "limited"
    levels = came if keeps_colours else "limited"
    made = matrix if keeps_colours else ColourMatrix.BT601
    scale = (
        f"{width}:{height}:flags=bilinear:in_range={came}:out_range={levels}"
        f":in_color_matrix={matrix.value}:out_color_matrix={made.value}"
    )
    return (("scale", scale), ("format", "pix_fmts=yuv420p"))


def i420_from(frame: VideoFrame) -> I420:
    """Return a ``yuv420p`` frame as one contiguous picture (a copy)."""
    picture = np.empty((frame.height * 3 // 2, frame.width), np.uint8)
    for index, plane in enumerate(planes_of(picture)):
        rows, columns = plane.shape
        plane[:] = rows_of(frame, index)[:rows, :columns]
    return picture
