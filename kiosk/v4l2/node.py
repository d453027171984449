"""
The way into the kernel: video device nodes, and what stands in for them.

Everything above speaks to :class:`Machine` and :class:`Node`, so that the same camera
runs on ``/dev/video0`` and on a fake kernel.  Nodes are found by name here and judged in
:mod:`kiosk.v4l2.discovery`.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from kiosk.errors import DeviceError, words_of
from kiosk.v4l2.uapi import Ioctl


DEVICE: Final = "camera"
_CURES: Final = {
    errno.EACCES: "add the daemon's user to the group video",
    errno.EPERM: "add the daemon's user to the group video",
    errno.ENOENT: "plug it in; if it is, try another USB port or cable",
    errno.ENODEV: "it was unplugged; plug it in again",
    errno.ENXIO: "it was unplugged; plug it in again",
    errno.ENOSPC: "its USB bus has no room for so many pictures: give it a bus of its "
    "own, or choose a smaller [camera] preset or picture_rate",
}
_GONE: Final = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOENT})


@dataclass(frozen=True, slots=True)
class VideoNode:
    """
    A video device node, which may be anything: camera, encoder, metadata.

    Attributes:
        path: The node, whose number changes from boot to boot.
        links: Its stable names below ``/dev/v4l``, those by id first.

    """

    path: str
    links: tuple[str, ...] = ()


class Node(Protocol):
    """An open video device, real or not; one thread at a time."""

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """
        Ask the driver; ``argument`` is read and written.

        Raises:
            OSError: If it says no; never waits for a picture.

        """
        ...

    def map(self, size: int, offset: int) -> mmap.mmap:
        """
        Map a buffer whose offset QUERYBUF gave.

        Raises:
            OSError: If it cannot be mapped.

        """
        ...

    def fileno(self) -> int:
        """Return what to poll for pictures."""
        ...

    def close(self) -> None:
        """Close the device; safe to repeat."""
        ...


class Machine(Protocol):
    """The video devices of a machine, real or not."""

    def nodes(self) -> Sequence[VideoNode]:
        """
        Return every video node that is there now.

        Raises:
            OSError: If that changes just now.

        """
        ...

    def open(self, path: str) -> Node:
        """
        Open a node, which starts nothing yet.

        Raises:
            OSError: If it cannot be opened.

        """
        ...

    def holders(self, path: str) -> Sequence[str]:
        """Return who has a node open, as far as this process may know."""
        ...


class DeviceNode:
    """
    Implements :class:`Node` on an open descriptor, its own from now on.

    Args:
        fd: Of the device, not blocking.

    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """Ask the driver; after a signal again."""
        while True:
            with suppress(InterruptedError):
                fcntl.ioctl(self._fd, int(request), argument)
                return

    def map(self, size: int, offset: int) -> mmap.mmap:
        """Map a buffer."""
        return mmap.mmap(self._fd, size, offset=offset)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._fd

    def close(self) -> None:
        """Close the device."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class ThisMachine:
    """
    Implements :class:`Machine` with the nodes of this one.

    Args:
        dev: Where device nodes are.
        proc: Where processes are.

    """

    def __init__(self, dev: Path = Path("/dev"), proc: Path = Path("/proc")) -> None:
        self._dev = dev
        self._proc = proc

    def nodes(self) -> Sequence[VideoNode]:
        """Return ``/dev/video*`` with the names that udev gave them."""
        names: dict[str, list[str]] = {}
        for folder in ("by-id", "by-path"):
            for link in sorted((self._dev / "v4l" / folder).glob("*")):
                names.setdefault(str(link.resolve()), []).append(str(link))
        paths = sorted(self._dev.glob("video[0-9]*"), key=lambda path: path.name)
        return [VideoNode(str(p), tuple(names.get(str(p), ()))) for p in paths]

    def open(self, path: str) -> Node:
        """Open a node."""
        return DeviceNode(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))

    def holders(self, path: str) -> Sequence[str]:
        """Return programs with their process ids; others' only root may see."""
        found: list[str] = []
        for process in self._proc.glob("[0-9]*"):
            with suppress(OSError):
                if any(_leads_to(fd, path) for fd in (process / "fd").iterdir()):
                    name = (process / "comm").read_text(encoding="utf-8").strip()
                    found.append(f"{name} (process {process.name})")
        return found


def is_gone(error: OSError) -> bool:
    """Say whether the kernel means that the device is no longer there."""
    return error.errno in _GONE


def refusal(
    path: str, error: OSError, what: str, holders: Sequence[str] = ()
) -> DeviceError:
    """Return what the kernel said as one line: thing, cause, cure."""
    if error.errno == errno.EBUSY:
        return DeviceError(DEVICE, path, f"busy: {in_use(holders)}")
    cure = _CURES.get(
        error.errno or 0, "plug it in again; see the kernel's log (dmesg)"
    )
    words = words_of(OSError(error.errno, error.strerror))
    return DeviceError(DEVICE, path, f"{what}: {words}; {cure}")


def in_use(holders: Sequence[str]) -> str:
    """Return who uses a camera, and the cure."""
    who = ", ".join(holders) or "another program"
    return f"in use by {who}; stop it, or give the kiosk a camera of its own"


def _leads_to(link: Path, path: str) -> bool:
    try:
        return str(link.readlink()) == path
    except OSError:  # closed meanwhile, or not ours to see
        return False
