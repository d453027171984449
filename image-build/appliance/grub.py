"""
GRUB in the first sectors of a disk, for machines with a BIOS.

What ``grub-bios-setup`` does, into a file: no loop device is needed.  See "BIOS
installation" in GRUB's manual.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Final

from appliance.recipe import HERE, run


CONFIG: Final = HERE / "two-slots" / "grub.cfg"
"""What chooses the slot; it lies in ``/grub`` of the second partition."""
FOLDER: Final = Path("/usr/lib/grub/i386-pc")
BIOS_BOOT: Final = "21686148-6449-6E6F-744E-656564454649"
"""Type of the partition that holds the core."""

_MODULES: Final = (
    *("biosdisk", "part_gpt", "ext2", "fat", "loadenv", "test", "configfile"),
    *("normal", "linux", "serial", "terminal", "echo", "halt"),
)
_SECTOR: Final = 512
_FIRST: Final = 2048
"""Sector at which the partition for the core begins."""
_ROOM: Final = 1 << 20
_CODE: Final = 440
_CORE_AT, _NEXT_AT = 0x5C, _SECTOR - 12
"""Where the first sector names the core's first, and the core its second."""


def install(disk: Path) -> None:
    """
    Have a partitioned disk start GRUB, with ``(hd0,gpt2)/grub/grub.cfg``.

    Args:
        disk: A GPT disk whose first partition begins at 1 MiB, is 1 MiB large and of
            the type :data:`BIOS_BOOT`.

    Raises:
        BuildError: If GRUB's core cannot be made.

    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "core.img"
        run(
            [
                *("grub-mkimage", "-O", "i386-pc", "-d", FOLDER, "-o", made),
                *("-p", "(hd0,gpt2)/grub", *_MODULES),
            ],
            "GRUB's core",
        )
        core = bytearray(made.read_bytes())
    assert len(core) <= _ROOM, "GRUB's core is larger than its partition"
    sector = bytearray((FOLDER / "boot.img").read_bytes())
    struct.pack_into("<Q", sector, _CORE_AT, _FIRST)
    struct.pack_into("<Q", core, _NEXT_AT, _FIRST + 1)
    with disk.open("r+b") as file:
        file.write(sector[:_CODE])
        file.seek(_FIRST * _SECTOR)
        file.write(core)
