"""
The Debian root file system that everything else is laid upon, as one tar archive.

It is made anew when the lists change, and once a month for Debian's own corrections:
that is the whole policy about the archive's state (``--fresh`` asks for today's).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from appliance import application, mirrors
from appliance.cache import Cache, key_of
from appliance.recipe import HERE, RELEASE, listed, run


_LEFT_OUT: Final = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
)
_KEPT: Final = "/usr/share/doc/*/copyright"
"""Of which NOTICE is made."""
_INITRAMFS: Final = HERE / "initramfs"


def debian(command: list[str], packages: list[str], what: str, *, out: str) -> None:
    """
    Make a root file system with mmdebstrap from this machine's archives.

    Args:
        command: Further options, e.g. hooks.
        packages: What is in it beside apt.
        what: For messages.
        out: The archive to write, ``/dev/null`` for none.

    """
    lines = mirrors.lines_for(RELEASE, mirrors.host_release(), mirrors.sources())
    transport = mirrors.transport_options(os.environ)
    run(
        [
            "mmdebstrap",
            "--mode=root",
            "--variant=apt",
            "--architectures=amd64",
            *(f"--aptopt={option}" for option in transport),
            '--aptopt=APT::Install-Recommends "false"',
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
            f"--dpkgopt=path-include={_KEPT}",
            f"--include={','.join(packages)}",
            *command,
            RELEASE,
            out,
            *lines,
        ],
        what,
    )


def packages() -> list[str]:
    """Return the packages of the appliance: those of every kiosk, and its own."""
    return [*application.packages(), *listed(HERE / "packages" / "virtual.list")]


def root_key(state: str) -> str:
    """Return the key of the root file system; a path is hashed by what it says."""
    return key_of([RELEASE, state, *packages(), *_LEFT_OUT, _KEPT, _INITRAMFS])


def base_root(cache: Cache, state: str) -> Path:
    """
    Return the folder with ``root.tar`` and ``release``, the kernel's.

    Args:
        cache: Where it is kept.
        state: Which state of the archive is wanted; a month, usually.

    """

    def make(folder: Path) -> None:
        debian(
            [
                # before the kernel is installed: it makes its first disk image then
                f"--essential-hook=cp -r {_INITRAMFS}/etc {_INITRAMFS}/usr $1/",
                f"--customize-hook=ls $1/lib/modules > {folder}/release",
                "--customize-hook=rm -f $1/etc/apt/sources.list",
            ],
            packages(),
            "the root file system",
            out=str(folder / "root.tar"),
        )

    return cache.get("root", root_key(state), make)


def kernel_release(root: Path) -> str:
    """Return the release of the kernel in a root, e.g. ``6.12.1+deb13-amd64``."""
    return (root / "release").read_text(encoding="utf-8").strip()
