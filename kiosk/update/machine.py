"""What this machine is: board, running system, boot. Read here, judged elsewhere."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Final

from kiosk.errors import UpdateRefused
from kiosk.update.slots import Slots
from kiosk.update.slots_grub import GrubSlots
from kiosk.update.slots_raspberry import RaspberrySlots


_VERSION: Final = re.compile(r"^IMAGE_VERSION=[\"']?([0-9.]+)", re.MULTILINE)


def boards_of(root: Path = Path("/")) -> tuple[str, ...]:
    """Return what the device tree calls this board; ``pc,`` and the CPU without one."""
    tree = root / "proc/device-tree/compatible"
    try:
        names = tree.read_bytes().decode("ascii", "replace").split("\0")
    except OSError:
        return (f"pc,{platform.machine()}",)
    return tuple(name for name in names if name)


def version_of(root: Path = Path("/")) -> str:
    """Return the running image's version (``IMAGE_VERSION``), or nothing."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        try:
            text = (root / name).read_text("utf-8", "replace")
        except OSError:
            continue
        if found := _VERSION.search(text):
            return found[1]
    return ""


def boot_id_of(root: Path = Path("/")) -> str:
    """Return what is another one after each boot."""
    return (root / "proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def slots_of(root: Path = Path("/")) -> Slots:
    """
    Return the slots of this machine.

    Raises:
        UpdateRefused: It has one system only.

    """
    if RaspberrySlots.are_there(root):
        return RaspberrySlots(root)
    if GrubSlots.are_there(root):
        return GrubSlots(root)
    raise UpdateRefused(
        "this device has one system only; flash a new image, or use apt "
        "(two slots: image-build/README.md)"
    )
