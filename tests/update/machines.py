"""
Machines with two slots, made of files, and what starts them.

Each is the firmware, or GRUB, as its documentation has it: it reads what the product
wrote, chooses a slot, clears what is good once only, and starts that slot's system.  A
slot whose system partition begins with ``HANGS`` never comes up: the watchdog bites, and
the machine is started again.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import ClassVar, Protocol

from kiosk.update.slots import Slot, Slots
from kiosk.update.slots_grub import GrubSlots, block_of
from kiosk.update.slots_raspberry import RaspberrySlots


MIB = 1 << 20
SIZES = {"boot": 1 * MIB, "system": 3 * MIB}
NAMES = tuple(f"{image}_{slot}" for image in ("boot", "system") for slot in "ab")
HANGS = b"HANGS"


class TwoSlots(Protocol):
    """What tests see of either machine."""

    root: Path

    @property
    def slots(self) -> Slots:
        """The product's adapter for it."""
        ...

    def restart(self) -> Slot:
        """Shut down in order, and return the slot that comes up."""
        ...

    def cut_power(self) -> Slot:
        """Pull the plug and put it back; return the slot that comes up."""
        ...


class RaspberryPi:
    """A Raspberry Pi 4 with image-rota's partitions: 2, 3 boot, 4, 5 system."""

    board: ClassVar = "raspberrypi,4-model-b"
    numbers: ClassVar = dict(zip(NAMES, ("2", "3", "4", "5"), strict=True))

    def __init__(self, root: Path) -> None:
        self.root = root
        self._flag = False
        for name, number in self.numbers.items():
            _lay(root, name, f"mmcblk0p{number}")
        _write(
            root / "bootfs/autoboot.txt",
            "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n",
        )
        names = f"{self.board}\0brcm,bcm2711\0"
        _write(root / "proc/device-tree/compatible", names)
        self._boots = itertools.count()
        self._start()

    @property
    def slots(self) -> Slots:
        return RaspberrySlots(self.root)

    def restart(self) -> Slot:
        argument = self.root / "run/systemd/reboot-param"
        self._flag = argument.exists() and argument.read_text().strip() == "0 tryboot"
        return self._start()

    def cut_power(self) -> Slot:
        self._flag = False
        return self._start()

    def _start(self) -> Slot:
        number = self._chosen()
        self._flag = False  # cleared before anything is started
        slot: Slot = "a" if number == self.numbers["boot_a"] else "b"
        if system_of(self.root, slot).startswith(HANGS):
            return self._start()
        other = "b" if slot == "a" else "a"
        for which, letter in (("active", slot), ("other", other)):
            for image in ("boot", "system"):
                link = self.root / f"dev/disk/by-slot/{which}/{image}"
                _link(link, self.root / f"dev/mmcblk0p{self._number(image, letter)}")
        _fresh_run(self.root, next(self._boots))
        return slot

    def _number(self, image: str, letter: str) -> str:
        return self.numbers[f"{image}_{letter}"]

    def _chosen(self) -> str:
        text = (self.root / "bootfs/autoboot.txt").read_text("ascii")
        assert len(text) <= 512
        sections = dict(re.findall(r"\[(\w+)\]\n((?:\w+=\w+\n)*)", text))
        assert "tryboot_a_b=1" in sections["all"]
        section = sections["tryboot" if self._flag else "all"]
        found = re.search(r"boot_partition=(\d+)", section)
        assert found is not None
        return found[1]


class GrubPc:
    """A PC with the same partitions, started by GRUB with image-build's grub.cfg."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for number, name in enumerate(NAMES, 2):
            _lay(root, name, f"vda{number}")
        (root / "bootfs/grub").mkdir(parents=True)
        self._block.write_bytes(block_of({}))
        self._boots = itertools.count()
        self._start()

    @property
    def _block(self) -> Path:
        return self.root / "bootfs/grub/grubenv"

    @property
    def slots(self) -> Slots:
        return GrubSlots(self.root)

    def restart(self) -> Slot:
        return self._start()

    def cut_power(self) -> Slot:
        return self._start()

    def _start(self) -> Slot:
        block = self._block.read_bytes()
        assert len(block) == 1024
        values = dict(re.findall(rb"(\w+)=(\w*)\n", block))
        chosen = values.get(b"kiosk_trial") or values.get(b"kiosk_slot") or b"a"
        values[b"kiosk_trial"] = b""  # save_env, before the kernel is started
        self._block.write_bytes(
            block_of({k.decode(): v.decode() for k, v in values.items()})
        )
        slot: Slot = "a" if chosen == b"a" else "b"
        if system_of(self.root, slot).startswith(HANGS):
            return self._start()
        _write(self.root / "proc/cmdline", f"quiet kiosk.slot={slot} panic=10\n")
        _fresh_run(self.root, next(self._boots))
        return slot


MACHINES = (RaspberryPi, GrubPc)


def system_of(root: Path, slot: str) -> bytes:
    """Return the content of a slot's system partition."""
    return (root / f"dev/disk/by-partlabel/system_{slot}").read_bytes()


def _lay(root: Path, name: str, device: str) -> None:
    path = root / "dev" / device
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"first {name}".encode().ljust(SIZES[name[:-2]], b"."))
    _link(root / "dev/disk/by-partlabel" / name, path)


def _link(link: Path, to: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(to)


def _fresh_run(root: Path, boot: int) -> None:
    """A new boot: /run is empty, the boot's id another one."""
    (root / "run/systemd").mkdir(parents=True, exist_ok=True)
    (root / "run/systemd/reboot-param").unlink(missing_ok=True)
    _write(root / "proc/sys/kernel/random/boot_id", f"boot-{boot}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
