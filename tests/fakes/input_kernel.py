"""
A kernel with input devices, at the ioctl of their nodes.

The nodes are named pipes of a folder, so that reading and waiting are the real thing;
unplugging one ends what is read of it.  Events are packed as ``linux/input.h`` has them.
"""

from __future__ import annotations

import errno
import os
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path


EV_SYN, EV_KEY, SYN_REPORT, SYN_DROPPED = 0, 1, 0, 3


@dataclass
class FakeKeypad:
    """A keypad that a test plugs in, presses and unplugs."""

    node: Path
    name: str
    codes: frozenset[int]
    writer: int
    held: set[int] = field(default_factory=set)
    grabbed_by: int | None = None
    is_denied: bool = False

    def press(self, code: int, *, down: bool) -> None:
        """Move a key."""
        (self.held.add if down else self.held.discard)(code)
        self.send(EV_KEY, code, int(down))
        self.send(EV_SYN, SYN_REPORT, 0)

    def send(self, kind: int, code: int, value: int) -> None:
        """Send an event as the kernel does, stamped now."""
        seconds, nanos = divmod(time.monotonic_ns(), 1_000_000_000)
        packed = struct.pack("@llHHi", seconds, nanos // 1000, kind, code, value)
        os.write(self.writer, packed)


class FakeInputKernel:
    """Answers for the keypads that are plugged in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "by-id").mkdir()
        self.keypads: dict[str, FakeKeypad] = {}

    def plug(
        self, name: str, *codes: int, node: str = "event0", link: str = ""
    ) -> FakeKeypad:
        """Plug a keypad in; held keys and grabs are those of a new one."""
        path = self.folder / node
        os.mkfifo(path)
        writer = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.keypads[node] = FakeKeypad(path, name, frozenset(codes), writer)
        if link:
            (self.folder / "by-id" / link).symlink_to(f"../{node}")
        return self.keypads[node]

    def unplug(self, node: str = "event0") -> None:
        """Take a keypad out."""
        keypad = self.keypads.pop(node)
        keypad.node.unlink()
        os.close(keypad.writer)

    def close(self) -> None:
        for node in list(self.keypads):
            self.unplug(node)

    def ioctl(self, fd: int, request: int, answer: bytearray | int) -> int:
        node = Path(f"/proc/self/fd/{fd}").readlink().name
        if node not in self.keypads:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        keypad = self.keypads[node]
        if keypad.is_denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        number = request & 0xFF
        if number == 0x90:
            return self._grab(keypad, fd)
        if number == 0xA0:
            assert answer == bytearray(struct.pack("i", time.CLOCK_MONOTONIC))
            return 0
        assert isinstance(answer, bytearray)
        if number == 0x06:
            answer[: len(keypad.name)] = keypad.name.encode()
            return len(keypad.name)
        codes = {0x18: keypad.held, 0x21: keypad.codes}[number]
        for code in codes:
            answer[code // 8] |= 1 << code % 8
        return len(answer)

    def _grab(self, keypad: FakeKeypad, fd: int) -> int:
        holder = keypad.grabbed_by
        if holder not in {None, fd} and _is_open(holder, keypad.node):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        keypad.grabbed_by = fd
        return 0


def _is_open(fd: int | None, node: Path) -> bool:
    try:
        return Path(f"/proc/self/fd/{fd}").readlink() == node
    except OSError:
        return False
