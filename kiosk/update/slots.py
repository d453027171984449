"""
The port to whatever chooses a slot at boot, and what every adapter needs.

Two slots, ``a`` and ``b``; each has a partition for every image of a release.  One is
running; one is the default, which boots by itself.  They differ while a system is on
trial.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, Protocol

from kiosk.errors import UpdateFailed, UpdateRefused


Slot = Literal["a", "b"]
OTHER: Final[dict[Slot, Slot]] = {"a": "b", "b": "a"}


class Slots(Protocol):
    """
    The two slots of a machine; every method may raise UpdateRefused or OSError.

    Each change is one atomic write: a power cut leaves the choice before or after it.
    """

    @property
    def running(self) -> Slot:
        """The slot whose system runs now."""
        ...

    @property
    def default(self) -> Slot:
        """The slot that boots when nobody asks for another."""
        ...

    def target(self, image: str) -> Path:
        """Return the partition for an image in the slot that does not run."""
        ...

    def set_trial(self) -> None:
        """Have the next boot, and only that one, take the slot that does not run."""
        ...

    def clear_trial(self) -> None:
        """Have the next boot take the default again; safe to repeat."""
        ...

    def commit(self) -> None:
        """Make the running slot the default; safe to repeat."""
        ...


def open_target(path: Path) -> int:
    """
    Open a partition of the slot that does not run, for writing, by nobody else.

    Raises:
        UpdateRefused: It is in use, or no partition.

    """
    try:
        # O_EXCL: the kernel refuses a block device that is mounted or held.
        return os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        raise UpdateRefused(
            f"{path}, of the slot that does not run, cannot be opened: "
            f"{error.strerror}; it must not be mounted"
        ) from error


def refuse_small(path: Path, size: int) -> None:
    """
    Let pass a partition that an image fits into.

    Raises:
        UpdateRefused: It does not.

    """
    descriptor = open_target(path)
    try:
        room = os.lseek(descriptor, 0, os.SEEK_END)
    finally:
        os.close(descriptor)
    if room < size:
        raise UpdateRefused(
            f"its image for {path.name} has {size} bytes, and there is room for "
            f"{room}; flash this device anew with larger slots"
        )


def letter(text: str, where: str) -> Slot:
    """
    Return a slot by its letter.

    Raises:
        UpdateFailed: It is none.

    """
    for slot in OTHER:
        if text == slot:
            return slot
    raise UpdateFailed(f"{where} names no slot: {text[:40]!a}")
