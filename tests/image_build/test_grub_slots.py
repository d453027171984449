"""
The shipped ``grub.cfg`` in a real GRUB, on a GPT disk, against our environment block.

No kernel is started: each slot's own file tells on the serial line that it was chosen,
and switches the machine off.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.grub import BIOS_BOOT, CONFIG, install
from kiosk.update.slots import Slot
from kiosk.update.slots_grub import GrubSlots, block_of


MIB = 1 << 20
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
TABLE = f"""\
label: gpt
first-lba: 2048
size=1MiB, type={BIOS_BOOT}, name=bios
size=4MiB, type={LINUX}, name=bootconfig
size=4MiB, type={LINUX}, name=boot_a
size=4MiB, type={LINUX}, name=boot_b
"""
STARTS_MIB = {"bootconfig": 2, "boot_a": 6, "boot_b": 10}

pytestmark = pytest.mark.timeout(180)


def run(*words: str | Path, stdin: str = "") -> None:
    subprocess.run(
        [str(word) for word in words],
        input=stdin,
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )


class GrubDisk:
    """A disk with two slots, whose environment block is a file between boots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "machine"
        self.block = self.root / "bootfs/grub/grubenv"
        self.block.parent.mkdir(parents=True)
        self.block.write_bytes(block_of({}))
        shutil.copy(CONFIG, self.block.with_name("grub.cfg"))
        for slot in "ab":
            boot = folder / f"boot_{slot}"
            boot.mkdir()
            (boot / "slot.cfg").write_text(
                f"serial\nterminal_output serial\necho started-{slot}-$slot\nhalt\n"
            )
        self.disk = folder / "disk.img"
        with self.disk.open("wb") as disk:
            disk.truncate(16 * MIB)
        run("sfdisk", "--quiet", self.disk, stdin=TABLE)
        install(self.disk)

    @property
    def slots(self) -> GrubSlots:
        return GrubSlots(self.root)

    def boot(self) -> Slot:
        """Start it; the block that GRUB leaves behind is our file again."""
        self._fill("bootconfig", self.root / "bootfs")
        self._fill("boot_a", self.folder / "boot_a")
        self._fill("boot_b", self.folder / "boot_b")
        said = subprocess.run(
            [
                *(
                    "qemu-system-x86_64",
                    "-accel",
                    "tcg",
                    "-m",
                    "64M",
                    "-display",
                    "none",
                ),
                *("-nodefaults", "-serial", "stdio", "-no-reboot"),
                *("-drive", f"format=raw,file={self.disk}"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
        ).stdout
        found = re.search(r"started-(\w)-(\w)", said)
        assert found is not None, said[-2_000:]
        assert found[1] == found[2]
        self._take_back()
        slot: Slot = "a" if found[1] == "a" else "b"
        cmdline = self.root / "proc/cmdline"
        cmdline.parent.mkdir(exist_ok=True)
        cmdline.write_text(f"quiet kiosk.slot={slot}\n")
        return slot

    def _fill(self, name: str, folder: Path) -> None:
        part = self.folder / "part.img"
        part.unlink(missing_ok=True)
        run("/usr/sbin/mke2fs", "-q", "-t", "ext2", "-d", folder, part, "4M")
        with self.disk.open("r+b") as disk:
            disk.seek(STARTS_MIB[name] * MIB)
            disk.write(part.read_bytes())

    def _take_back(self) -> None:
        part = self.folder / "part.img"
        with self.disk.open("rb") as disk:
            disk.seek(STARTS_MIB["bootconfig"] * MIB)
            part.write_bytes(disk.read(4 * MIB))
        copy = f"dump /grub/grubenv {self.block}"
        run("/usr/sbin/debugfs", "-R", copy, part)


@pytest.fixture
def disk(tmp_path: Path) -> GrubDisk:
    return GrubDisk(tmp_path)


def test_grub_takes_a_trial_once_and_what_is_committed_always(disk: GrubDisk) -> None:
    assert disk.boot() == "a"

    disk.slots.set_trial()
    assert disk.boot() == "b"
    assert (disk.slots.running, disk.slots.default) == ("b", "a")
    assert disk.boot() == "a"

    disk.slots.set_trial()
    assert disk.boot() == "b"
    disk.slots.commit()
    assert disk.boot() == "b"
    assert (disk.slots.running, disk.slots.default) == ("b", "b")


def test_an_environment_block_that_makes_no_sense_starts_the_first_slot(
    disk: GrubDisk,
) -> None:
    disk.block.write_bytes(b"?" * 1024)

    assert disk.boot() == "a"
