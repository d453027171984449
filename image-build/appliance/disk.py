"""
The finished disk: Debian, the appliance's overlay, drivers, wheels, and the kiosk.

No loop device and no mount is needed: the file system is written from a folder.  The disk
is never changed by a boot (:mod:`appliance.machine` writes elsewhere).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from appliance import application
from appliance.cache import Cache, key_of
from appliance.compiled import compiled, compiled_key
from appliance.recipe import HERE, PYTHON, run
from appliance.root import base_root, kernel_release


_OVERLAY: Final = HERE / "rootfs" / "virtual"
_SEEN: Final = "usr/share/kiosk-appliance/pictures"
"""What libcamera's virtual camera sees, as its ``virtual.yaml`` has it."""
_PACKAGES: Final = f"usr/local/lib/python{PYTHON}/dist-packages"
_ENABLED: Final = (
    "kiosk-appliance-agent.service",
    "kiosk-appliance-lines.service",
    "systemd-networkd.service",
)
_MASKED: Final = (  # nothing may rotate, update or wait in the middle of a test
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "systemd-networkd-wait-online.service",
    "systemd-firstboot.service",
)
_MIB: Final = 1 << 20
_SPARE_MIB: Final = 400
"""Room for what tests write, and for the file system's own tables."""


def disk(cache: Cache, package: Path, state: str) -> Path:
    """
    Return the folder with ``vmlinuz``, ``initrd.img`` and ``root.ext4``.

    Args:
        cache: Where it is kept.
        package: The kiosk's Debian package.
        state: See :func:`appliance.root.base_root`.

    """
    root = base_root(cache, state)
    extra = compiled(cache, root)
    key = key_of(
        [
            root.name,
            compiled_key(kernel_release(root)),
            _OVERLAY,
            *application.made_of(),
            Path(__file__),
            package,
        ]
    )

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=cache.folder, prefix="tree-") as scratch:
            tree = Path(scratch) / "root"
            tree.mkdir()
            _lay_out(tree, root, extra, package)
            for name in ("vmlinuz", "initrd.img"):
                (found,) = tree.glob(f"boot/{name}-*")
                shutil.copyfile(found, folder / name)
            shutil.rmtree(tree / "boot")
            (tree / "boot").mkdir()
            _write(tree, folder / "root.ext4")

    return cache.get("disk", key, make)


def _lay_out(tree: Path, root: Path, extra: Path, package: Path) -> None:
    release = kernel_release(root)
    run(["tar", "-xpf", root / "root.tar", "-C", tree, "--numeric-owner"], "unpacking")
    updates = tree / "lib" / "modules" / release / "updates"
    updates.mkdir(parents=True)
    for module in (extra / "modules").glob("*.ko"):
        shutil.copy(module, updates)
    run(["chroot", tree, "depmod", release], "depmod")
    _install_wheels(tree, extra / "wheels")
    application.lay_over(tree, _OVERLAY)
    _draw_pictures(tree)
    _settle(tree)
    application.lay_out(tree, package)
    run(["chroot", tree, "systemctl", "-q", "enable", *_ENABLED], "enabling units")
    run(["chroot", tree, "systemctl", "-q", "mask", *_MASKED], "masking units")


def _install_wheels(tree: Path, wheels: Path) -> None:
    run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install"),
            *("--quiet", "--no-deps", "--no-index", "--no-compile"),
            f"--python-version={PYTHON}",
            "--implementation=cp",
            "--only-binary=:all:",
            "--platform=manylinux_2_28_x86_64",
            "--platform=manylinux2014_x86_64",
            "--platform=linux_x86_64",
            f"--target={tree / _PACKAGES}",
            *sorted(wheels.glob("*.whl")),
        ],
        "installing the wheels",
    )
    run(
        ["chroot", tree, "python3", "-m", "compileall", "-q", f"/{_PACKAGES}"],
        "compiling the wheels",
    )


def _draw_pictures(tree: Path) -> None:
    run(
        [
            *("chroot", tree, "python3", "/usr/lib/kiosk-appliance/pictures.py"),
            f"/{_SEEN}",
        ],
        "drawing what the camera sees",
    )


def _settle(tree: Path) -> None:
    """Write what an installer and a first boot would have."""
    (tree / "etc/hostname").write_text("kiosk-appliance\n", encoding="utf-8")
    (tree / "etc/hosts").write_text(
        "127.0.0.1 localhost kiosk-appliance\n::1 localhost\n", encoding="utf-8"
    )
    (tree / "etc/fstab").write_text(
        "/dev/vda / ext4 defaults,noatime 0 0\n", encoding="utf-8"
    )
    resolv = tree / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.write_text("nameserver 10.0.2.3\n", encoding="utf-8")
    (tree / "etc/machine-id").write_text("", encoding="utf-8")
    for stamp in ("etc/.updated", "var/.updated"):  # no ldconfig and hwdb at boot
        (tree / stamp).touch()


def _write(tree: Path, target: Path) -> None:
    used = sum(
        path.lstat().st_blocks * 512 for path in tree.rglob("*") if not path.is_dir()
    )
    size = used * 115 // 100 // _MIB + _SPARE_MIB
    run(
        [
            *("/usr/sbin/mke2fs", "-q", "-t", "ext4", "-L", "root", "-m", "0"),
            *("-E", "lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0"),
            *("-d", tree, target, f"{size}M"),
        ],
        "writing the disk",
    )
