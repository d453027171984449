"""
One GPIO line that is held: what the kernel lets its holder do (``linux/gpio.h``).

The line's own descriptor, version 2 of the interface: it is configured, read and
driven by ioctls, and its edges are read from it as stamped events.  Nothing is asked
again and again: the descriptor becomes readable when there is an edge, and hangs up
when the chip is gone.  Closing it gives the line back, as the end of a process does.

The kernel's own filter of bounces is left alone: without the chip's help it works in
steps of its tick (4 ms and more) and takes a loose cable's chatter away unseen.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple


GET_LINE: Final = 0xC250B407
SET_CONFIG: Final = 0xC110B40D
GET_VALUES: Final = 0xC010B40E
SET_VALUES: Final = 0xC010B40F

INPUT, OUTPUT = 1 << 2, 1 << 3
RISING, FALLING = 1 << 4, 1 << 5
PULL_UP, PULL_DOWN, NO_PULL = 1 << 8, 1 << 9, 1 << 10

CONFIG: Final = struct.Struct("=QI20xIIQQ216x")
"""
Flags, number of attributes; the first attribute: its id, nothing, its value, and the
lines it is of.
"""
REQUEST: Final = struct.Struct("=I252x32s272sII20xi")
"""Offset of the only line, consumer, a configuration, lines, events kept, descriptor."""
VALUES: Final = struct.Struct("=QQ")
"""Levels and which of them are meant, a bit a line."""
EVENT: Final = struct.Struct("=QI36x")
"""Stamp in nanoseconds of the monotonic clock, kind."""
ROSE: Final = 1
OUTPUT_VALUES: Final = 2
"""The attribute with the levels to begin with."""
ONLY_LINE: Final = 1
EVENTS_KEPT: Final = 256
"""Of edges that nobody read yet; a storm of 1 kHz makes 2000 a second."""
EVENTS_READ: Final = 64

Ioctl = Callable[[int, int, bytearray], int]


class Edge(NamedTuple):
    """The line went to a level, at a time of the monotonic clock in nanoseconds."""

    at_ns: int
    is_high: bool


@dataclass(frozen=True, slots=True)
class Use:
    """
    What a line is used for.

    Attributes:
        flags: ``INPUT`` or ``OUTPUT``, which edges are told, and the pull.
        is_high: What an output begins with.

    """

    flags: int = INPUT
    is_high: bool = False

    @property
    def is_output(self) -> bool:
        """Whether we drive it."""
        return bool(self.flags & OUTPUT)

    def packed(self) -> bytes:
        """Return it as the kernel reads it."""
        if not self.is_output:
            return CONFIG.pack(self.flags, 0, 0, 0, 0, 0)
        level = int(self.is_high)
        return CONFIG.pack(self.flags, 1, OUTPUT_VALUES, 0, level, ONLY_LINE)


class Line:
    """
    A line that is ours.

    Args:
        fd: Of the line, as the kernel gave it; ours to close.
        ioctl: Asks the kernel.

    """

    def __init__(self, fd: int, ioctl: Ioctl) -> None:
        self.fd = fd
        self._ioctl = ioctl
        self._is_open = True
        os.set_blocking(fd, False)

    def use(self, use: Use) -> None:
        """
        Use it for something else from now on.

        Raises:
            OSError: The chip cannot, or is gone.

        """
        self._ioctl(self.fd, SET_CONFIG, bytearray(use.packed()))

    @property
    def is_high(self) -> bool:
        """
        Its level, just now.

        Raises:
            OSError: The chip is gone.

        """
        asked = bytearray(VALUES.pack(0, ONLY_LINE))
        self._ioctl(self.fd, GET_VALUES, asked)
        levels, _ = VALUES.unpack(asked)
        return bool(levels & ONLY_LINE)

    def drive(self, *, high: bool) -> None:
        """
        Drive an output.

        Raises:
            OSError: It is none, or the chip is gone.

        """
        self._ioctl(self.fd, SET_VALUES, bytearray(VALUES.pack(high, ONLY_LINE)))

    def edges(self) -> list[Edge]:
        """
        Return what happened since the last time, oldest first; never waits.

        Raises:
            OSError: The chip is gone.

        """
        edges: list[Edge] = []
        while True:
            try:
                chunk = os.read(self.fd, EVENTS_READ * EVENT.size)
            except BlockingIOError:
                return edges
            edges += [Edge(at, kind == ROSE) for at, kind in EVENT.iter_unpack(chunk)]
            if len(chunk) < EVENTS_READ * EVENT.size:
                return edges

    def close(self) -> None:
        """Give it back; safe to repeat."""
        if self._is_open:
            self._is_open = False
            os.close(self.fd)


def claimed(chip: int, number: int, consumer: str, use: Use, ioctl: Ioctl) -> Line:
    """
    Hold a line.

    Args:
        chip: Descriptor of the chip's node; not needed any more afterwards.
        number: Of the line, the kernel's offset.
        consumer: Who we are, for whoever asks who holds it.
        use: What for.
        ioctl: Asks the kernel.

    Raises:
        OSError: Somebody else holds it, there is none, or the chip cannot.

    """
    asked = bytearray(
        REQUEST.pack(number, consumer.encode(), use.packed(), 1, EVENTS_KEPT, 0)
    )
    ioctl(chip, GET_LINE, asked)
    return Line(REQUEST.unpack(asked)[-1], ioctl)
