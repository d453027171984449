"""
A kernel with GPIO chips, at the ioctl of their nodes, and gpiozero's mock pins on them.

The nodes are files of a folder; the answers are packed as ``linux/gpio.h`` has them.  A
line that is held is a FIFO: its holder has both ends in one descriptor and reads events
from it, and it is free again once nobody has it open, as a line is.
"""

from __future__ import annotations

import errno
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory

from kiosk.wiring import Header
from kiosk.wiring.chips import Chip, Chips
from kiosk.wiring.header import Factory


mock: Any = import_module("gpiozero.pins.mock")  # without types of its own

CHIPINFO, LINEINFO, GET_LINE = 0x8044B401, 0xC100B405, 0xC250B407
SET_CONFIG, GET_VALUES, SET_VALUES = 0xC110B40D, 0xC010B40E, 0xC010B40F
OUTPUT, RISING, FALLING, PULL_UP = 1 << 3, 1 << 4, 1 << 5, 1 << 8
LABEL = "pinctrl-bcm2711"
LINES = 54


@dataclass
class FakeLine:
    """What is at a line: who holds it as what, and who pulls it."""

    fifo: Path | None = None
    flags: int = 0
    is_driven_high: bool = False
    pulled: bool | None = None
    consumer: bytes = b""
    driven: list[bool] = field(default_factory=list[bool])
    """To which levels it was driven, one after the other."""

    @property
    def is_high(self) -> bool:
        if self.flags & OUTPUT:
            return self.is_driven_high
        return bool(self.flags & PULL_UP) if self.pulled is None else self.pulled

    @contextmanager
    def held(self) -> Iterator[int | None]:
        """Open it from outside; ``None`` if nobody holds it."""
        fd = None
        try:
            if self.fifo is not None:
                fd = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        try:
            yield fd
        finally:
            if fd is not None:
                os.close(fd)


@dataclass
class FakeGpioKernel:
    """Answers for the chips whose nodes are in ``folder``."""

    folder: Path
    labels: dict[str, str] = field(default_factory=dict)
    holders: dict[int, str] = field(default_factory=dict)
    lines: dict[int, FakeLine] = field(default_factory=dict)
    claimed: int = 0

    def add(self, node: str = "gpiochip0", label: str = LABEL) -> None:
        (self.folder / node).touch()
        self.labels[node] = label

    def remove(self, node: str = "gpiochip0") -> None:
        (self.folder / node).unlink()

    def chips(self) -> Chips:
        return Chips(self.folder, self.ioctl)

    def line(self, number: int) -> FakeLine:
        return self.lines.setdefault(number, FakeLine())

    def is_held(self, number: int) -> bool:
        with self.line(number).held() as fd:
            return fd is not None

    def is_lit(self, number: int) -> bool:
        """Whether somebody drives a line high."""
        line = self.line(number)
        return self.is_held(number) and bool(line.flags & OUTPUT) and line.is_high

    def drive(self, number: int, *, high: bool) -> None:
        """Pull a line, as a finger does."""
        line = self.line(number)
        before, line.pulled = line.is_high, high
        wanted = line.flags & (RISING if high else FALLING)
        with line.held() as fd:
            if fd is not None and wanted and before is not line.is_high:
                at, kind = time.monotonic_ns(), 1 if high else 2
                os.write(fd, struct.pack("=QI36x", at, kind))

    def ioctl(self, fd: int, request: int, answer: bytearray) -> int:
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        if name.startswith("line"):
            return self._ask_line(int(name[4:].split(".")[0]), request, answer)
        if request == CHIPINFO:
            node, label = name.encode(), self.labels[name].encode()
            answer[:] = struct.pack("=32s32sI", node, label, LINES)
        elif request == LINEINFO:
            self._describe(answer)
        else:
            assert request == GET_LINE
            self._claim(answer)
        return 0

    def _describe(self, answer: bytearray) -> None:
        (number,) = struct.unpack_from("=I", answer, 64)
        if number >= LINES:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        holder = self.holders.get(number, "").encode()
        if self.is_held(number):
            holder = self.line(number).consumer
        if number in self.holders or self.is_held(number):
            struct.pack_into("=32s", answer, 32, holder)
            struct.pack_into("=Q", answer, 72, 1)

    def _claim(self, answer: bytearray) -> None:
        (number,) = struct.unpack_from("=I", answer, 0)
        if number >= LINES:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if number in self.holders or self.is_held(number):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        line = self.line(number)
        if line.fifo is not None:
            line.fifo.unlink()
        self.claimed += 1
        line.fifo = self.folder / f"line{number}.{self.claimed}"
        os.mkfifo(line.fifo)
        (line.consumer,) = struct.unpack_from("=32s", answer, 256)
        self._configure(line, bytes(answer[288:560]))
        fd = os.open(line.fifo, os.O_RDWR | os.O_CLOEXEC)
        struct.pack_into("=i", answer, 588, fd)

    def _ask_line(self, number: int, request: int, answer: bytearray) -> int:
        line = self.line(number)
        if not any((self.folder / node).exists() for node in self.labels):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        if request == SET_CONFIG:
            self._configure(line, bytes(answer))
        elif request == GET_VALUES:
            struct.pack_into("=Q", answer, 0, line.is_high)
        else:
            assert request == SET_VALUES
            if not line.flags & OUTPUT:
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))
            line.is_driven_high = struct.unpack_from("=Q", answer)[0] == 1
            line.driven.append(line.is_driven_high)
        return 0

    def _configure(self, line: FakeLine, config: bytes) -> None:
        line.flags, attributes = struct.unpack_from("=QI", config)
        if attributes:
            kind, line.is_driven_high, mask = struct.unpack_from("=I4x?7xQ", config, 32)
            assert (kind, mask) == (2, 1)
            line.driven.append(bool(line.is_driven_high))


class MockPins:
    """
    A header of mock pins; a new set of them for everybody who opens it.

    Args:
        now_s: Stamps their edges: the time that whoever listens has, in seconds.

    Attributes:
        unreadable: How often yet reading a level fails.
        deaf: How often yet listening fails.
        before_silence: Called when a pin is about to be heard no more.

    """

    def __init__(
        self, folder: Path, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._now_s = now_s
        self.kernel = FakeGpioKernel(folder)
        self.kernel.add()
        self.opened: list[MockFactory] = []
        self.unreadable = 0
        self.deaf = 0
        self.before_silence: Callable[[], None] = lambda: None
        self.header = Header(chips=self.kernel.chips(), make_factory=self._open)

    def pin(self, number: int) -> Any:
        """Return a pin of the newest opening, to drive or to look at."""
        return self.opened[-1].pin(f"GPIO{number}")

    def drive(self, number: int, *, high: bool) -> None:
        """Move a pin."""
        pin = self.pin(number)
        if high:
            pin.drive_high()
        else:
            pin.drive_low()

    def _open(self, _: Chips, __: Chip) -> Factory:
        self.opened.append(MockFactory(pin_class=_pin_of(self, self._now_s)))
        factory: Factory = self.opened[-1]
        return factory


def _pin_of(pins: MockPins, now_s: Callable[[], float]) -> type[Any]:
    """Return gpiozero's mock pin, whose edges have the machine's time otherwise."""

    class StampedPin(mock.MockPin):  # type: ignore[misc]
        is_heard = False

        def _get_state(self) -> Any:
            if pins.unreadable:
                pins.unreadable -= 1
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super()._get_state()

        def _enable_event_detect(self) -> None:
            if pins.deaf:
                pins.deaf -= 1
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            self.is_heard = True

        def _disable_event_detect(self) -> None:
            self.is_heard = False

        def _set_when_changed(self, value: Any) -> None:
            if value is None:
                pins.before_silence()
            super()._set_when_changed(value)

        def _call_when_changed(self) -> None:
            above: Any = super(mock.MockPin, self)
            if self.is_heard:
                above._call_when_changed(now_s(), self._state)

    return StampedPin
