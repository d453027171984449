"""
A keypad of the kernel's own making: keys that a test presses through /dev/uinput.

Numbers and structures are those of ``linux/uinput.h``.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.waiting import wait_until


NO_UINPUT = "needs /dev/uinput, and to be allowed to use it and /dev/input"
UINPUT = Path("/dev/uinput")
DEV_CREATE, DEV_DESTROY, DEV_SETUP = 0x5501, 0x5502, 0x405C5503
SET_EVBIT, SET_KEYBIT = 0x40045564, 0x40045565
EV_SYN, EV_KEY = 0, 1
BUS_USB = 3


@dataclass
class UinputKeypad:
    """A keypad that the kernel believes in."""

    fd: int

    def press(self, code: int, *, down: bool) -> None:
        """Move a key."""
        for kind, number, value in ((EV_KEY, code, int(down)), (EV_SYN, 0, 0)):
            os.write(self.fd, struct.pack("@llHHi", 0, 0, kind, number, value))


@contextmanager
def uinput_keypad(name: str, codes: Sequence[int]) -> Generator[UinputKeypad | None]:
    """Plug a keypad in; ``None`` where this user, or this machine, cannot."""
    try:
        fd = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        fcntl.ioctl(fd, SET_EVBIT, EV_KEY)
        for code in codes:
            fcntl.ioctl(fd, SET_KEYBIT, code)
        setup = struct.pack("@HHHH80sI", BUS_USB, 1, 1, 1, name.encode(), 0)
        fcntl.ioctl(fd, DEV_SETUP, setup)
        fcntl.ioctl(fd, DEV_CREATE)
        usable = wait_until(lambda: _is_usable(name), 5.0)
        yield UinputKeypad(fd) if usable else None
        fcntl.ioctl(fd, DEV_DESTROY)
        time.sleep(0.05)
    finally:
        os.close(fd)


def _is_usable(name: str) -> bool:
    """Whether udev has given its node to the group that may read it."""
    for told in Path("/sys/class/input").glob("event*/device/name"):
        if told.read_text().strip() == name:
            node = Path("/dev/input") / told.parents[1].name
            return os.access(node, os.R_OK)
    return False
