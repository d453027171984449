"""
What was built once is not built again: a folder outside the tree, keyed by content.

A thing's key is the hash of everything it is made of, so that a change of one byte makes
another thing, and two trees that want the same share it.  Nothing in it is ever changed;
what was not used for a while is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final


KEPT: Final = 6
"""How many of a kind stay; a disk takes 1 GB, and others may build theirs meanwhile."""


def default_folder() -> Path:
    """Return where the cache is unless somebody says otherwise."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("KIOSK_APPLIANCE_CACHE") or f"{base}/kiosk-appliance")


def key_of(parts: Iterable[str | bytes | Path]) -> str:
    """
    Return the key of what is made of ``parts``.

    A path stands for its content and mode: a folder for everything below it, by name.
    """
    digest = hashlib.sha256()
    for part in parts:
        for chunk in _chunks(part):
            digest.update(len(chunk).to_bytes(8, "big"))
            digest.update(chunk)
    return digest.hexdigest()[:16]


def _chunks(part: str | bytes | Path) -> Iterator[bytes]:
    if isinstance(part, bytes):
        yield part
    elif isinstance(part, str):
        yield part.encode()
    elif part.is_dir() and not part.is_symlink():
        for path in sorted(part.rglob("*")):
            if "__pycache__" in path.parts or (path.is_dir() and not path.is_symlink()):
                continue
            yield str(path.relative_to(part)).encode()
            yield from _chunks(path)
    elif part.is_symlink():
        yield b"->" + str(part.readlink()).encode()
    else:
        executable = os.access(part, os.X_OK)
        yield b"x" if executable else b"-"
        yield part.read_bytes()


class Cache:
    """
    A folder of finished things.

    Args:
        folder: Made when the first thing is.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """
        Return the folder of a thing, made by ``make`` if nobody did before.

        Args:
            kind: What it is, e.g. ``root``.
            key: See :func:`key_of`.
            make: Fills an empty folder; if it raises, nothing is kept.

        """
        place = self.folder / f"{kind}-{key}"
        with self._locked(kind):
            if not place.is_dir():
                made = self.folder / f"{kind}-{key}.making"
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir(parents=True)
                try:
                    make(made)
                    made.rename(place)
                finally:
                    shutil.rmtree(made, ignore_errors=True)
            os.utime(place)
            self._prune(kind)
        return place

    @contextmanager
    def _locked(self, kind: str) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{kind}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _prune(self, kind: str) -> None:
        things = [path for path in self.folder.glob(f"{kind}-*") if path.is_dir()]
        things.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for old in things[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
