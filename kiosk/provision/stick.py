"""
A USB stick: mounted for as long as a bundle is read from it.

Only file systems that such sticks have are mounted, and nothing on one is run or
believed for its owner or mode.  The unit that runs this has mounts of its own, so a
stick that is pulled out early leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Final

from kiosk.errors import BundleRefused


FOLDER: Final = "kiosk"
WHERE: Final = Path("run/kiosk-provision/stick")

_TYPES = "vfat,exfat"
_OPTIONS = "rw,nosuid,nodev,noexec,fmask=0077,dmask=0077"
"""Each known to both: exFAT's driver refuses any other, such as vfat's ``flush``."""
_RUN_S = 60.0

Run = Callable[[Sequence[str]], str]
"""Runs a program and returns what it said; OSError or SubprocessError otherwise."""


def run_program(command: Sequence[str]) -> str:
    """Run a program."""
    ran = subprocess.run(  # noqa: S603 -- our own words, no shell is involved
        command, check=True, capture_output=True, text=True, timeout=_RUN_S
    )
    return ran.stdout


@contextlib.contextmanager
def mounted(device: str, root: Path, run: Run = run_program) -> Generator[Path]:
    """
    Mount a stick while the block runs; yields its directory.

    Raises:
        BundleRefused: It cannot be mounted.

    """
    where = root / WHERE
    where.mkdir(parents=True, exist_ok=True)
    try:
        run(("mount", "-t", _TYPES, "-o", _OPTIONS, device, str(where)))
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        cure = "format the stick anew as FAT32 or exFAT, label KIOSK"
        raise BundleRefused(
            (f"{device}: cannot be mounted ({said}); {cure}",)
        ) from None
    try:
        yield where
    finally:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            run(("umount", str(where)))
