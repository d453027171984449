"""
Input devices of this machine: found by a name that stays, read as the kernel has it.

The interface is ``linux/input.h``; no library is needed.  A keypad often shows itself
as several devices of one name, each with some of its keys: all of them are taken.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Final

from kiosk.wiring.unusable import Unusable


EVENT: Final = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value."""
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED: Final = 3
REPEATED: Final = 2
"""Value of a key that the kernel repeats while it is held."""
CLOCK_MONOTONIC: Final = 1
KEY_BYTES: Final = 0x300 // 8
NAME_BYTES: Final = 256
MICROS: Final = 1_000_000

Ioctl = Callable[[int, int, bytearray | int], int]


def ask_kernel(fd: int, request: int, argument: bytearray | int) -> int:
    """Carry an ioctl out; what the kernel answers is in the argument."""
    if isinstance(argument, int):
        return fcntl.ioctl(fd, request, argument)
    fcntl.ioctl(fd, request, argument)
    return 0


def _request(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("E") << 8 | number


GET_NAME: Final = _request(2, 0x06, NAME_BYTES)
GET_HELD: Final = _request(2, 0x18, KEY_BYTES)
GET_KEYS: Final = _request(2, 0x20 + EV_KEY, KEY_BYTES)
GRAB: Final = _request(1, 0x90, 4)
SET_CLOCK: Final = _request(1, 0xA0, 4)


class Kind(Enum):
    """What a device tells."""

    KEY = auto()
    LOST = auto()
    """The kernel had no room for some of it: look at the keys."""


Told = tuple[Kind, int, int, int]
"""Kind, key, whether it is down, and when, in microseconds of the kernel's clock."""


class InputDevice:
    """
    An input device that is open.

    Attributes:
        fd: Becomes readable when there are events.
        name: What the device calls itself.
        codes: The keys it has.

    """

    def __init__(self, node: Path, fd: int, ioctl: Ioctl) -> None:
        self.fd = fd
        self._node = node
        self._ioctl = ioctl
        self._is_open = True
        self._is_lost = False
        name = bytearray(NAME_BYTES)
        ioctl(fd, GET_NAME, name)
        self.name = name.partition(b"\0")[0].decode("utf-8", "replace")
        self.codes = frozenset(self._bits(GET_KEYS))

    def grab(self) -> None:
        """
        Keep its keys from everybody else, and have the kernel stamp them.

        Raises:
            Unusable: Another program did so before, or it is gone.

        """
        try:
            self._ioctl(self.fd, GRAB, 1)
            clock = bytearray(CLOCK_MONOTONIC.to_bytes(4, "little"))
            self._ioctl(self.fd, SET_CLOCK, clock)
        except OSError as error:
            cause, cure = f"cannot be grabbed: {error.strerror}", "plug it in again"
            if error.errno == errno.EBUSY:
                cause = "is grabbed by another program"
                cure = f"end it (fuser {self._node} names it)"
            raise Unusable(self.name, cause, cure) from error

    def forget(self) -> None:
        """Read away what happened before now."""
        with contextlib.suppress(OSError):
            while os.read(self.fd, EVENT.size):
                pass

    def held(self) -> set[int]:
        """Return the keys that are down; none of a device that is gone."""
        with contextlib.suppress(OSError):
            return set(self._bits(GET_HELD))
        return set()

    def events(self, chunk: bytes) -> Iterator[Told]:
        """Yield what a chunk of whole events tells."""
        whole = len(chunk) - len(chunk) % EVENT.size
        for seconds, micros, kind, code, value in EVENT.iter_unpack(chunk[:whole]):
            at = seconds * MICROS + micros
            if kind == EV_SYN and code == SYN_DROPPED:
                self._is_lost = True
            elif kind == EV_SYN and self._is_lost:
                self._is_lost = False
                yield Kind.LOST, 0, 0, at
            elif kind == EV_KEY and value != REPEATED and not self._is_lost:
                yield Kind.KEY, code, value, at

    def close(self) -> None:
        """Let go of it; safe to repeat."""
        if self._is_open:
            self._is_open = False
            os.close(self.fd)

    def _bits(self, request: int) -> Iterator[int]:
        bits = bytearray(KEY_BYTES)
        self._ioctl(self.fd, request, bits)
        for code in range(8 * KEY_BYTES):
            if bits[code // 8] >> code % 8 & 1:
                yield code


class InputNodes:
    """
    The input devices of this machine.

    Args:
        folder: Where their nodes are, and ``by-id``.
        ioctl: Asks the kernel.

    """

    def __init__(
        self, folder: Path = Path("/dev/input"), ioctl: Ioctl = ask_kernel
    ) -> None:
        self._folder = folder
        self._ioctl = ioctl

    def find(self, name: str, keys: Mapping[int, str]) -> list[InputDevice]:
        """
        Open the device of that name, all parts of it that have one of the keys.

        Args:
            name: Its own, or that of its link below ``by-id``; empty: the only
                device that has all keys.
            keys: Names by number.

        Raises:
            Unusable: There is none, it may not be opened, or a key is missing.

        """
        opened, denied = self._open_all()
        chosen = [
            device
            for node, device in opened.items()
            if keys.keys() & device.codes and self._fits(name, node, device, keys)
        ]
        for device in opened.values():
            if device not in chosen:
                device.close()
        try:
            self._check(name, keys, chosen, denied, opened.values())
        except Unusable:
            for device in chosen:
                device.close()
            raise
        return chosen

    def _open_all(self) -> tuple[dict[Path, InputDevice], list[Path]]:
        opened: dict[Path, InputDevice] = {}
        denied: list[Path] = []
        for node in sorted(self._folder.glob("event*")):
            try:
                fd = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except PermissionError:
                denied.append(node)
                continue
            except OSError:
                continue  # on its way in or out
            try:
                opened[node] = InputDevice(node, fd, self._ioctl)
            except OSError as error:
                os.close(fd)
                if isinstance(error, PermissionError):
                    denied.append(node)
        return opened, denied

    def _fits(
        self, name: str, node: Path, device: InputDevice, keys: Mapping[int, str]
    ) -> bool:
        if not name:
            return keys.keys() <= device.codes
        link = self._folder / "by-id" / name.rpartition("/")[2]
        try:
            return name == device.name or link.samefile(node)
        except OSError:  # no such link, or the node was unplugged just now
            return False

    def _check(
        self,
        name: str,
        keys: Mapping[int, str],
        chosen: list[InputDevice],
        denied: list[Path],
        opened: Iterable[InputDevice],
    ) -> None:
        where = name or f"a keypad with {', '.join(keys.values())}"
        if not chosen and denied:
            raise Unusable(
                str(denied[0]),
                f"user {os.environ.get('USER') or os.getuid()} may not open it",
                "put the kiosk's user into the group input (usermod -aG input kiosk)",
            )
        if not chosen:
            there = ", ".join(sorted({device.name for device in opened}))
            cause = f"is not there, or has none of the keys (there is: {there})"
            cure = "plug it in, or name it as it is called: evdev:NAME"
            raise Unusable(where, cause, cure)
        names = sorted({device.name for device in chosen})
        if not name and len(names) > 1:
            cause = f"several have the keys: {', '.join(names)}"
            raise Unusable(where, cause, f'name one: device = "evdev:{names[0]}"')
        there_are = frozenset[int]().union(*(device.codes for device in chosen))
        missing = [key for code, key in keys.items() if code not in there_are]
        if missing:
            cause = f"has no {' and no '.join(missing)}"
            raise Unusable(where, cause, "name keys that it has (evtest prints them)")
