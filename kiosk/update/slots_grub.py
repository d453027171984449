"""
Slots of a PC that GRUB starts: its environment block chooses.

``/bootfs/grub/grubenv`` holds ``kiosk_slot``, the default, and ``kiosk_trial``, which
GRUB clears before it starts that slot's kernel (``image-build/two-slots/grub.cfg``): what
hangs or is cut off falls back by itself.  Which slot runs stands on the kernel's command
line as ``kiosk.slot=b``, put there by GRUB.

Format of the block: GRUB manual, 11 "Environment block": 1024 bytes, lines of
``name=value`` behind a first line, filled up with ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.disk import Disk, put
from kiosk.errors import UpdateFailed
from kiosk.update.slots import OTHER, Slot, letter


SIZE: Final = 1024

_HEAD: Final = "# GRUB Environment Block\n"
_RUNNING: Final = re.compile(r"(?:^|\s)kiosk\.slot=(\S*)")
_LINE: Final = re.compile(r"(\w+)=(.*)")


class GrubSlots:
    """
    Implements :class:`kiosk.update.slots.Slots`.

    Args:
        root: Below which ``/dev``, ``/proc`` and ``/bootfs`` are.
        disk: Takes the steps of writing.

    """

    def __init__(self, root: Path = Path("/"), disk: Disk | None = None) -> None:
        self._labels = root / "dev/disk/by-partlabel"
        self._words = root / "proc/cmdline"
        self._block = root / "bootfs/grub/grubenv"
        self._disk = disk or Disk()

    @staticmethod
    def are_there(root: Path) -> bool:
        """Return whether this is such a machine."""
        return (root / "bootfs/grub/grubenv").exists()

    @property
    def running(self) -> Slot:
        """The slot that GRUB says it started."""
        found = _RUNNING.search(self._words.read_text("utf-8", "replace"))
        if found is None:
            raise UpdateFailed("the kernel's command line has no kiosk.slot=")
        return letter(found[1], "the kernel's command line")

    @property
    def default(self) -> Slot:
        """The slot in ``kiosk_slot``; GRUB takes a where there is none."""
        return letter(self._read().get("kiosk_slot", "a"), str(self._block))

    def target(self, image: str) -> Path:
        """Return the partition of the other slot."""
        return self._labels / f"{image}_{OTHER[self.running]}"

    def set_trial(self) -> None:
        """Have the next boot be a trial."""
        self._change(kiosk_slot=self.running, kiosk_trial=OTHER[self.running])

    def clear_trial(self) -> None:
        """Have the next boot take the default."""
        if self._read().get("kiosk_trial"):
            self._change(kiosk_trial="")

    def commit(self) -> None:
        """Make the running slot the default, if it is not yet."""
        if self.default != self.running:
            self._change(kiosk_slot=self.running, kiosk_trial="")

    def _read(self) -> Mapping[str, str]:
        with self._block.open("rb") as file:
            text = file.read(SIZE).decode("ascii", "replace")
        if not text.startswith(_HEAD):
            raise UpdateFailed(f"{self._block} is no environment block of GRUB")
        lines = text.removeprefix(_HEAD).split("\n")
        return {found[1]: found[2] for found in map(_LINE.fullmatch, lines) if found}

    def _change(self, **values: str) -> None:
        put(self._disk, self._block, block_of({**self._read(), **values}), None)


def block_of(values: Mapping[str, str]) -> bytes:
    """Return the environment block that holds these values."""
    lines = "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
    content = (_HEAD + lines).encode("ascii")
    if len(content) > SIZE:
        raise UpdateFailed("GRUB's environment block is full")
    return content.ljust(SIZE, b"#")
