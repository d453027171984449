"""
The files that a kiosk's configuration names, and whether they are what they were.

Looks at them from outside, as ``make`` does: name, size, time.  What the kiosk itself
writes, or a device, is none of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kiosk.config.schema import KioskConfig


Stamps = tuple[tuple[str, int, int, int], ...]
"""Path, inode, bytes and nanoseconds of the last change of each file."""


def stamps_of(config: KioskConfig) -> Stamps:
    """Return what the named files are like now; one that is not there has no stamp."""
    return tuple(sorted(_stamps(config)))


def _stamps(config: KioskConfig) -> Iterator[tuple[str, int, int, int]]:
    network = config.network
    named = (
        *(config.branding.logo, config.attract.pictures, config.prompts.folder),
        *(network.ca_file, network.certificate, network.key),
    )
    for path in _files([Path(one) for one in named if one is not None]):
        try:
            seen = path.stat()
        except OSError:
            continue
        yield os.fspath(path), seen.st_ino, seen.st_size, seen.st_mtime_ns


def _files(named: list[Path]) -> Iterator[Path]:
    for one in named:
        yield one
        # a folder whose permission is refused halfway has what is above that
        for folder, _, names in os.walk(one):
            yield from (Path(folder, name) for name in names)
