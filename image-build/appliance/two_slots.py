"""
The appliance as a machine with two slots: its disk, and releases that update it.

The counterpart of image-rota for a PC: GRUB chooses (``two-slots/grub.cfg``), each slot
has a partition for its kernel and one for its system, and what both share lies on a
partition of its own (``slot-shared.d/kiosk.conf``, as on a Raspberry Pi).  A release's
images are the same for both slots.  The root can be written here.
"""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance import grub
from appliance.qemu import KERNEL_WORDS
from appliance.recipe import HERE, run


_MIB: Final = 1 << 20
_LINUX: Final = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
_SHARED: Final = (
    HERE / "layer/kiosk-app.rootfs-overlay/etc/rpi-image-gen/slot-shared.d/kiosk.conf"
)
_BOOTCONFIG_MIB: Final = 32
_BOOT_MIB: Final = 48
_PERSISTENT_MIB: Final = 1024
_LEFT_OUT: Final = (
    "/usr/lib/x86_64-linux-gnu/libLLVM.so.19.1",
    "/usr/lib/x86_64-linux-gnu/libz3.so.4",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
)
"""
What no kiosk opens (Mesa's compiler, the fonts with serifs), a quarter of the system: an
emulated machine reads, writes and sums it at ten megabytes a second.
"""
_SPARE_MIB: Final = 64
"""Room in a system for what it writes itself while it runs."""
_COUNT: Final = re.compile(
    r"^(Block count|Free blocks|Block size):\s+([0-9]+)$", re.MULTILINE
)
_ENVIRONMENT: Final = b"# GRUB Environment Block\n".ljust(1024, b"#")
# the images are the same in both slots; GRUB says in which one they are
_SLOT_CFG: Final = f"""\
linux /vmlinuz root=PARTLABEL=system_$slot kiosk.slot=$slot {KERNEL_WORDS}
initrd /initrd.img
boot
"""


@dataclass(frozen=True, slots=True)
class Release:
    """
    One system, as images of a slot's partitions.

    Attributes:
        version: ``IMAGE_VERSION`` in its os-release.
        boot: The file with the kernel's partition.
        system: The file with the root file system.

    """

    version: str
    boot: Path
    system: Path


@dataclass(frozen=True, slots=True)
class Part:
    """A partition: its name, its size, and what is in it, if anything."""

    name: str
    mib: int
    content: Path | None = None
    type: str = field(default=_LINUX)


def release(
    disk: Path, folder: Path, version: str, changes: Mapping[str, str] | None = None
) -> Release:
    """
    Make a release of the appliance.

    Args:
        disk: See :func:`appliance.disk.disk`.
        folder: Where its images are written.
        version: Numbers parted by dots.
        changes: Files that are other ones in this release, by their paths.

    Raises:
        BuildError: If a step fails.

    """
    folder.mkdir(parents=True, exist_ok=True)
    boot, system = folder / "boot", folder / "system"
    _write_boot(disk, boot)
    run(["cp", "--sparse=always", disk / "root.ext4", system], "copying the system")
    _change(
        system,
        {
            "/etc/fstab": _fstab(),
            "/usr/lib/os-release": _os_release(disk / "root.ext4", version),
            **(changes or {}),
        },
    )
    _shrink(system)
    return Release(version, boot, system)


def write_payload(made: Release, target: Path) -> None:
    """Pack a release as an image's build leaves it in ``update.tar.zst``."""
    words = ["zstd", "-q", "-1", "-T0", "-f", "-o", str(target)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as zstd:
        assert zstd.stdin is not None
        with tarfile.open(fileobj=zstd.stdin, mode="w|") as tar:
            tar.add(made.boot, "boot")
            tar.add(made.system, "system")
        zstd.stdin.close()
    assert zstd.returncode == 0, "zstd failed"


def write_disk(installed: Release, target: Path) -> None:
    """
    Write a whole disk: a release in slot a, nothing in b.

    Raises:
        BuildError: If a step fails.

    """
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        config, kept = Path(scratch) / "bootconfig", Path(scratch) / "persistent"
        _write_bootconfig(config)
        _write_persistent(kept)
        system_mib = -(-installed.system.stat().st_size // _MIB) + _SPARE_MIB
        parts = (
            Part("bios", 1, type=grub.BIOS_BOOT),
            Part("bootconfig", _BOOTCONFIG_MIB, config),
            Part("boot_a", _BOOT_MIB, installed.boot),
            Part("boot_b", _BOOT_MIB),
            Part("system_a", system_mib, installed.system),
            Part("system_b", system_mib),
            Part("persistent", _PERSISTENT_MIB, kept),
        )
        _write_parts(target, parts)
    grub.install(target)


def _write_parts(target: Path, parts: tuple[Part, ...]) -> None:
    with target.open("wb") as disk:
        disk.truncate((sum(part.mib for part in parts) + 2) * _MIB)
    table = "label: gpt\nfirst-lba: 2048\n" + "".join(
        f"size={part.mib}MiB, type={part.type}, name={part.name}\n" for part in parts
    )
    subprocess.run(
        ["/usr/sbin/sfdisk", "--quiet", target], input=table, text=True, check=True
    )
    at = 1
    for part in parts:
        if part.content is not None:
            place = [f"of={target}", "conv=notrunc,sparse", "bs=1M", f"seek={at}"]
            run(["dd", f"if={part.content}", *place], f"writing {part.name}")
        at += part.mib


def _fat(target: Path, mib: int, label: str) -> None:
    target.unlink(missing_ok=True)
    with target.open("wb") as file:
        file.truncate(mib * _MIB)
    run(["/usr/sbin/mkfs.vfat", "-n", label, target], f"the partition {label}")


def _copy_into(image: Path, name: str, content: bytes, folder: Path) -> None:
    given = folder / "given"
    given.write_bytes(content)
    run(["mcopy", "-i", image, given, f"::{name}"], f"writing {name}")


def _write_boot(disk: Path, target: Path) -> None:
    _fat(target, _BOOT_MIB, "BOOT")
    with tempfile.TemporaryDirectory() as scratch:
        _copy_into(target, "slot.cfg", _SLOT_CFG.encode(), Path(scratch))
    for name in ("vmlinuz", "initrd.img"):
        run(["mcopy", "-i", target, disk / name, f"::{name}"], f"writing {name}")


def _write_bootconfig(target: Path) -> None:
    _fat(target, _BOOTCONFIG_MIB, "BOOTCONFIG")
    run(["mmd", "-i", target, "::grub"], "the folder grub")
    with tempfile.TemporaryDirectory() as scratch:
        config = grub.CONFIG.read_bytes()
        _copy_into(target, "grub/grub.cfg", config, Path(scratch))
        _copy_into(target, "grub/grubenv", _ENVIRONMENT, Path(scratch))


def _write_persistent(target: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for path in _shared():
            (Path(scratch) / path.lstrip("/")).mkdir(parents=True)
        words = ["/usr/sbin/mke2fs", "-q", "-t", "ext4", "-E", "root_owner=0:0"]
        words += ["-d", scratch, str(target), f"{_PERSISTENT_MIB}M"]
        run(words, "the partition persistent")


def _shared() -> list[str]:
    lines = _SHARED.read_text("utf-8").splitlines()
    return [line.removeprefix("Path=") for line in lines if line.startswith("Path=")]


def _fstab() -> str:
    shared = "".join(f"/persistent{path} {path} none bind 0 0\n" for path in _shared())
    return (
        "PARTLABEL=bootconfig /bootfs vfat rw,umask=0022 0 0\n"
        "PARTLABEL=persistent /persistent ext4 noatime 0 2\n"
        f"{shared}"
    )


def _os_release(system: Path, version: str) -> str:
    words = ["/usr/sbin/debugfs", "-R", "cat /usr/lib/os-release", str(system)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return f'{told}IMAGE_VERSION="{version}"\n'


def _change(system: Path, files: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        steps: list[str] = []
        for number, (path, content) in enumerate(files.items()):
            given = Path(scratch) / str(number)
            given.write_text(content, "utf-8")
            given.chmod(0o644)
            folder, _, name = path.rpartition("/")
            steps += [f"cd {folder or '/'}", f"rm {name}", f"write {given} {name}"]
        steps += [f"rm {path}" for path in _LEFT_OUT]
        script = Path(scratch) / "steps"
        script.write_text("\n".join(steps) + "\n", "utf-8")
        run(["/usr/sbin/debugfs", "-w", "-f", script, system], "changing the system")


def _shrink(system: Path) -> None:
    """Leave out most of what is free: a device reads and writes all of an image."""
    run(["/usr/sbin/e2fsck", "-fy", system], "checking the system")
    words = ["/usr/sbin/dumpe2fs", "-h", str(system)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    counts = {name: int(number) for name, number in _COUNT.findall(told)}
    used = counts["Block count"] - counts["Free blocks"]
    size = (used * counts["Block size"] * 105 // 100 // _MIB + _SPARE_MIB) * _MIB
    # -f: its own estimate of the least leaves a third of the system free
    run(["/usr/sbin/resize2fs", "-f", system, f"{size // _MIB}M"], "shrinking it")
    run(["/usr/sbin/e2fsck", "-fn", system], "checking it again")
    os.truncate(system, size)
