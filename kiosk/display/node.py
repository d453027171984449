"""
The way into the kernel: a DRM device node, and what stands in for one.

Everything above speaks to :class:`Kernel`, so that the same client runs against
``/dev/dri/card1`` and against :class:`kiosk.display.testing.FakeKernel`.  It must
import nothing but the standard library: it runs before the first pixel.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from kiosk.display.uapi import Ioctl, ModeCardRes
from kiosk.errors import DeviceError, words_of


DEVICE: Final = "display"
NODES: Final = Path("/dev/dri")
_EVENT_BYTES = 1024
_CURES = {
    errno.EACCES: "add the daemon's user to the group video",
    errno.ENOENT: "the KMS driver is not loaded (Raspberry Pi: "
    "dtoverlay=vc4-kms-v3d in config.txt), or the path is wrong",
    errno.ENODEV: "its driver went away; restart the machine",
}


class Kernel(Protocol):
    """What the client needs of a DRM device, real or not; any thread."""

    @property
    def name(self) -> str:
        """Path of the node, or what stands for it, for messages."""
        ...

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """
        Ask the driver; ``argument`` is read and written.

        Raises:
            OSError: If it says no.

        """
        ...

    def map(self, size: int, offset: int) -> mmap.mmap:
        """
        Map a dumb buffer whose offset MODE_MAP_DUMB gave.

        Raises:
            OSError: If it cannot be mapped.

        """
        ...

    def read(self) -> bytes:
        """Return the events that are there, whole; never waits."""
        ...

    def fileno(self) -> int:
        """Return what to poll for events."""
        ...

    def close(self) -> None:
        """Close the device; the display goes dark unless its fd was duplicated."""
        ...


class Node:
    """
    Implements :class:`Kernel` on a device node.

    Args:
        fd: The open device, ours from now on.
        name: Its path.

    """

    def __init__(self, fd: int, name: str) -> None:
        self._fd = fd
        self._name = name
        os.set_blocking(fd, False)

    @property
    def name(self) -> str:
        """Path of the node."""
        return self._name

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """Ask the driver; after EINTR and EAGAIN again, as libdrm's drmIoctl does."""
        while True:
            with suppress(InterruptedError, BlockingIOError):
                fcntl.ioctl(self._opened(), int(request), argument)
                return

    def map(self, size: int, offset: int) -> mmap.mmap:
        """Map a dumb buffer."""
        return mmap.mmap(self._opened(), size, offset=offset)

    def read(self) -> bytes:
        """Return the events that are there; the kernel never cuts one."""
        try:
            return os.read(self._fd, _EVENT_BYTES)
        except BlockingIOError:
            return b""

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._fd

    def close(self) -> None:
        """Close the device."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _opened(self) -> int:
        # Others may be busy with it yet. -1 is a ValueError to ioctl and memory of
        # nobody's to mmap, where a device that is gone is an OSError.
        if self._fd < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._fd


def open_node(path: str | None = None, nodes: Path = NODES) -> Node:
    """
    Open a card that drives a display.

    A Raspberry Pi has two cards, one of which only draws.

    Args:
        path: The node; ``None`` takes the first that has a connector.
        nodes: Where cards are looked for.

    Raises:
        DeviceError: If there is none, or it may not be opened: thing, cause, cure.

    """
    if path is not None:
        node = _opened(path)
        if _drives_display(node):
            return node
        node.close()
        raise DeviceError(DEVICE, path, "has no connector; choose another card")
    refused: DeviceError | None = None
    for candidate in sorted(nodes.glob("card*"), key=_number):
        try:
            node = _opened(str(candidate))
        except DeviceError as error:
            refused = error
            continue
        if _drives_display(node):
            return node
        node.close()
    if refused is not None:
        raise refused
    reason = f"there is no card with a connector: {_CURES[errno.ENOENT]}"
    raise DeviceError(DEVICE, str(nodes), reason)


def refusal(path: str, error: OSError, what: str = "cannot be used") -> DeviceError:
    """Return what the kernel said as one line: thing, cause, cure."""
    cure = _CURES.get(error.errno or 0, "see the kernel's log (dmesg)")
    words = words_of(OSError(error.errno, error.strerror))
    return DeviceError(DEVICE, path, f"{what}: {words}; {cure}")


def _opened(path: str) -> Node:
    try:
        return Node(os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK), path)
    except OSError as error:
        raise refusal(path, error, "cannot be opened") from error


def _drives_display(node: Node) -> bool:
    resources = ModeCardRes()
    try:
        node.ioctl(Ioctl.MODE_GETRESOURCES, resources)
    except OSError:  # EOPNOTSUPP of a card that only draws, ENOTTY of no card at all
        return False
    return resources.count_crtcs > 0 and resources.count_connectors > 0


def _number(path: Path) -> int:
    digits = re.sub(r"\D", "", path.name)
    return int(digits) if digits else 0
