"""
Slots of a Raspberry Pi with rpi-image-gen's image-rota: firmware ``tryboot``.

The firmware reads ``autoboot.txt`` on the partition BOOTCONFIG (mounted at /bootfs):
``[all] boot_partition`` is the default, ``[tryboot] boot_partition`` is taken once when
the machine is restarted with ``reboot "0 tryboot"``; the flag is cleared before the
kernel starts, so whatever hangs or is cut off falls back by itself.  What is written is
what rpi-image-gen's ``rpi-slot-tryboot`` prints, and the by-slot links are its udev
rules'.

The argument of the next restart waits in systemd's own file for it, in ``/run``: it
works whoever orders that restart, and a power cut takes it away.

Sources: Raspberry Pi documentation, config_txt/autoboot.adoc; rpi-image-gen v2.8.0,
layer/rpi/device/ab-slots.adoc; systemd 257, src/shared/reboot-util.c.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from kiosk.disk import Disk, put
from kiosk.errors import UpdateFailed
from kiosk.update.slots import OTHER, Slot


_ARGUMENT: Final = b"0 tryboot\n"
_NUMBER: Final = re.compile(r"[0-9]+$")
_LARGEST: Final = 512  # the firmware reads no more
_DEFAULT: Final = re.compile(
    r"\[all\][^\[]*?^boot_partition=([0-9]+)\s*$", re.MULTILINE
)


class RaspberrySlots:
    """
    Implements :class:`kiosk.update.slots.Slots`.

    Args:
        root: Below which ``/dev``, ``/bootfs`` and ``/run`` are.
        disk: Takes the steps of writing.

    """

    def __init__(self, root: Path = Path("/"), disk: Disk | None = None) -> None:
        self._links = root / "dev/disk"
        self._autoboot = root / "bootfs/autoboot.txt"
        self._argument = root / "run/systemd/reboot-param"
        self._disk = disk or Disk()

    @staticmethod
    def are_there(root: Path) -> bool:
        """Return whether this is such a machine."""
        return (root / "dev/disk/by-slot/active/boot").exists()

    @property
    def running(self) -> Slot:
        """The slot whose boot partition the firmware says it started."""
        return self._slot_with(self._partition("active"))

    @property
    def default(self) -> Slot:
        """The slot in ``[all]``."""
        with self._autoboot.open("rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
        found = _DEFAULT.search(text)
        if found is None:
            raise UpdateFailed(f"{self._autoboot} has no [all] boot_partition")
        for name in ("active", "other"):
            if self._partition(name) == int(found[1]):
                return self._slot_with(int(found[1]))
        raise UpdateFailed(f"{self._autoboot} starts partition {found[1]}, of no slot")

    def target(self, image: str) -> Path:
        """Return the partition of the other slot, or what it is encrypted through."""
        return self._links / "by-slot/other" / image

    def set_trial(self) -> None:
        """Have the next restart, if no power cut comes before it, be a trial."""
        self._choose(self._partition("active"), self._partition("other"))
        put(self._disk, self._argument, _ARGUMENT, 0o644)

    def clear_trial(self) -> None:
        """Forget the argument of the next restart."""
        self._argument.unlink(missing_ok=True)

    def commit(self) -> None:
        """Swap the partitions in ``autoboot.txt``, if they are not yet."""
        if self.default != self.running:
            self._choose(self._partition("active"), self._partition("other"))

    def _choose(self, default: int, trial: int) -> None:
        text = (
            f"[all]\ntryboot_a_b=1\nboot_partition={default}\n"
            f"[tryboot]\nboot_partition={trial}\n"
        ).encode("ascii")
        if self._autoboot.read_bytes() != text:
            put(self._disk, self._autoboot, text, None)

    def _partition(self, which: str) -> int:
        device = (self._links / "by-slot" / which / "boot").resolve()
        found = _NUMBER.search(device.name)
        if found is None:
            raise UpdateFailed(f"{device} is no partition with a number")
        return int(found[0])

    def _slot_with(self, number: int) -> Slot:
        for slot in OTHER:
            device = (self._links / f"by-partlabel/boot_{slot}").resolve()
            found = _NUMBER.search(device.name)
            if found is not None and int(found[0]) == number:
                return slot
        raise UpdateFailed(f"no partition boot_a or boot_b has the number {number}")
