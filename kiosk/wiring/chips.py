"""
What GPIO chips there are, and who holds which line: asked of the kernel itself.

The character device's own interface (``linux/gpio.h``, version 2): it needs no
library, and the kernel names the holder of a line that is busy.  Nothing is claimed
but by :meth:`Chips.claim`.

A chip is known by its label, never by its number: the header of a Raspberry Pi 5 was
``gpiochip4`` under one kernel and is ``gpiochip0`` under the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.wiring.lines import Ioctl, Line, Use, claimed
from kiosk.wiring.unusable import Unusable


HEADER_LABELS: Final = ("pinctrl-bcm2711", "pinctrl-bcm2835", "pinctrl-rp1")
"""Of the chip behind the header: Pi 4, all before, Pi 5."""
GET_CHIPINFO: Final = 0x8044B401
CHIPINFO: Final = struct.Struct("=32s32sI")
"""Name, label, lines."""
GET_LINEINFO: Final = 0xC100B405
LINEINFO: Final = struct.Struct("=32s32sIIQ160x16x")
"""Name, consumer, offset, attributes, flags."""
FLAG_USED: Final = 1
CONSUMER: Final = "kiosk"
"""Who holds our lines, as ``gpioinfo`` shows it."""

GROUP_CURE: Final = (
    "put the kiosk's user into the group gpio (usermod -aG gpio kiosk), and see that "
    "udev gives that group the nodes (the package's rules do)"
)


@dataclass(frozen=True, slots=True)
class Chip:
    """
    A GPIO chip.

    Attributes:
        node: Its node, e.g. ``/dev/gpiochip0``.
        inode: Of the node; its successor of the same name has another.

    """

    node: Path
    label: str
    lines: int
    inode: int

    def is_there(self) -> bool:
        """Whether it still is."""
        try:
            return self.node.stat().st_ino == self.inode
        except OSError:
            return False


class Chips:
    """
    The GPIO chips of this machine.

    Args:
        folder: Where their nodes are.
        ioctl: Asks the kernel.

    """

    def __init__(self, folder: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl) -> None:
        self._folder = folder
        self._ioctl = ioctl

    def find(self, label: str | None = None) -> Chip:
        """
        Return the chip of that label, or that of a Raspberry Pi's header.

        Raises:
            Unusable: There is none, or it may not be opened.

        """
        wanted = (label,) if label else HEADER_LABELS
        seen: list[str] = []
        denied: list[Path] = []
        for node in sorted(self._folder.glob("gpiochip*")):
            try:
                chip = self._look(node)
            except PermissionError:
                denied.append(node)
            except OSError:
                continue  # on its way in or out
            else:
                if chip.label in wanted:
                    return chip
                seen.append(f"{node.name} is {chip.label}")
        if denied:
            cause = f"user {_user()} may not open it"
            raise Unusable(str(denied[0]), cause, GROUP_CURE)
        there = ", ".join(seen) or "there is no GPIO chip at all"
        raise Unusable(
            f"GPIO chip {' or '.join(wanted)}",
            f"not found ({there})",
            "is this a Raspberry Pi, and its kernel's own? Else name the label that "
            "gpiodetect prints, as chip = in the configuration",
        )

    def holder(self, chip: Chip, line: int) -> str | None:
        """
        Return who holds a line, as the kernel names them; ``None``: nobody.

        Raises:
            Unusable: The chip has no such line, or is gone.

        """
        asked = bytearray(LINEINFO.pack(b"", b"", line, 0, 0))
        try:
            with _opened(chip.node) as fd:
                self._ioctl(fd, GET_LINEINFO, asked)
        except OSError as error:
            cause = f"{chip.label} has {chip.lines} lines"
            if error.errno != errno.EINVAL:
                cause = f"cannot be asked: {error.strerror}"
            raise Unusable(f"GPIO {line}", cause, "name another pin") from error
        _, consumer, _, _, flags = LINEINFO.unpack(asked)
        return (_text(consumer) or "the kernel") if flags & FLAG_USED else None

    def claim(self, chip: Chip, number: int, use: Use) -> Line:
        """
        Hold a line of a chip.

        Raises:
            OSError: Somebody else holds it, there is none, or the chip is gone.

        """
        with _opened(chip.node) as fd:
            return claimed(fd, number, CONSUMER, use, self._ioctl)

    def _look(self, node: Path) -> Chip:
        answer = bytearray(CHIPINFO.size)
        with _opened(node) as fd:
            self._ioctl(fd, GET_CHIPINFO, answer)
            inode = os.fstat(fd).st_ino
        _, label, lines = CHIPINFO.unpack(answer)
        return Chip(node, _text(label), lines, inode)


@contextmanager
def _opened(node: Path) -> Generator[int]:
    fd = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _user() -> str:
    return os.environ.get("USER") or str(os.getuid())
