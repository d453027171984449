"""
The video devices of a machine that has none.

:class:`FakeMachine` takes the place of :class:`kiosk.v4l2.node.ThisMachine`: structures,
buffers and poll are the real ones.  Its webcams enforce what drivers enforce: who streams
owns the device, no format is changed meanwhile, and only what is mapped and queued is
filled.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from kiosk.devices.testing.v4l2_node import FakeNode
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, refuse
from kiosk.v4l2.node import Node, VideoNode


class FakeMachine:
    """
    Implements :class:`kiosk.v4l2.node.Machine`.

    Args:
        webcams: The devices; everything that is a video node counts.

    """

    def __init__(self, *webcams: FakeWebcam) -> None:
        self._webcams = webcams

    def nodes(self) -> Sequence[VideoNode]:
        """Return the nodes of what is plugged in."""
        return [
            VideoNode(one.path, one.links) for one in self._webcams if one.is_plugged
        ]

    def open(self, path: str) -> Node:
        """Open a node."""
        there = {one.path: one for one in self._webcams if one.is_plugged}
        if path not in there:
            refuse(errno.ENOENT)
        if there[path].switches.forbidden:
            refuse(errno.EACCES)
        return FakeNode(there[path])

    def holders(self, path: str) -> Sequence[str]:
        """Return who streams."""
        for one in self._webcams:
            if one.path == path and one.switches.held_by:
                return [one.switches.held_by]
            if one.path == path and one.owner is not None:
                return [f"kiosk (process {os.getpid()})"]
        return []
