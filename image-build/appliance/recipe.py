"""What the appliance is made of: lists, overlays and scripts of this folder, and tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.errors import BuildError


HERE: Final = Path(__file__).parents[1]
RELEASE: Final = "trixie"
PYTHON: Final = "3.13"
"""The release's Python, for which wheels are fetched and compiled."""

_TOOLS: Final = {
    "mmdebstrap": "mmdebstrap",
    "qemu-system-x86_64": "qemu-system-x86",
    "mke2fs": "e2fsprogs",
    "dpkg-deb": "dpkg",
}


def require_tools() -> None:
    """
    See to it that everything outside of Python is here.

    Raises:
        BuildError: If not, with the command that installs it.

    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [
        name for tool, name in _TOOLS.items() if not shutil.which(tool, path=path)
    ]
    if missing:
        words = " ".join(missing)
        raise BuildError(f"missing for the appliance: apt-get install {words}")
    if os.geteuid() != 0:
        raise BuildError("the appliance's disk is made by root: use sudo")


def listed(path: Path) -> list[str]:
    """Return the words of a list, one a line, without comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [line.split("#")[0].strip() for line in lines]
    return [word for word in words if word]


def run(command: Sequence[str | Path], what: str) -> None:
    """
    Run a build step quietly.

    Raises:
        BuildError: If it fails, with the last that it said.

    """
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise BuildError(f"{what} failed (exit {done.returncode}):\n{last}")
