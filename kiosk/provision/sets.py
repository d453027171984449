"""
The sets of files that bundles became, each whole in a directory of its own.

A set never changes once it has its name; so the one before, and the last one that
was good, can be put in force again without the stick they came from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kiosk.disk import (
    Disk,
    content_of,
    files_in,
    make_directories,
    remove_tree,
)


_LIST = "set.json"
_FORMAT = 1
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700
_MAX_BYTES = 1 << 20
_SENSELESS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What reading another program's JSON as ours may raise; the last of 1e999."""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """
    A file and where it is to be.

    Attributes:
        place: Relative to the root directory.
        mode: Of the file there; its owner is root.

    """

    place: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class AppliedSet:
    """
    What a bundle became.

    Attributes:
        id: The bundle's.
        created: When the bundle was made, ISO 8601; empty where nobody said.

    """

    id: str
    created: str
    files: tuple[PlacedFile, ...]


class SetDamaged(ValueError):
    """What was kept of a set is not whole any more."""


class Sets:
    """
    The directory of all sets.

    Args:
        folder: For root only.

    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._folder = folder

    def add(self, new: AppliedSet) -> None:
        """Keep a set; it is on the medium, whole, when this returns."""
        disk, scratch = self._disk, self._folder / ".new"
        make_directories(disk, self._folder, _PRIVATE_FOLDER)
        remove_tree(disk, scratch)
        disk.make_directory(scratch, _PRIVATE_FOLDER)
        listed: list[dict[str, object]] = []
        for number, file in enumerate(new.files):
            path = scratch / f"{number:04}"
            disk.write(path, file.content, _PRIVATE)
            disk.sync(path)
            digest = hashlib.sha256(file.content).hexdigest()
            listed.append({"place": file.place, "mode": file.mode, "sha256": digest})
        text = json.dumps(
            {"format": _FORMAT, "id": new.id, "created": new.created, "files": listed}
        )
        disk.write(scratch / _LIST, text.encode(), _PRIVATE)
        disk.sync(scratch / _LIST)
        disk.sync(scratch)
        remove_tree(disk, self._folder / new.id)
        disk.rename(scratch, self._folder / new.id)
        disk.sync(self._folder)

    def get(self, name: str) -> AppliedSet:
        """
        Return a set.

        Raises:
            SetDamaged: It is not there, or not as it was kept.

        """
        folder = self._folder / name
        try:
            table = cast("dict[str, Any]", json.loads(_read(folder / _LIST)))
            listed = _listed(table)
            files = tuple(
                _file(folder / f"{number:04}", entry)
                for number, entry in enumerate(listed)
            )
            return AppliedSet(str(table["id"]), str(table["created"]), files)
        except (*_SENSELESS, OSError, RecursionError) as error:
            raise SetDamaged(f"{folder}: {error}") from error

    def keep_only(self, names: Iterable[str]) -> None:
        """Remove every set but these, and what an interrupted one left."""
        kept = frozenset(names)
        for folder in files_in(self._folder):
            if folder.name not in kept:
                remove_tree(self._disk, folder)


def _listed(table: dict[str, Any]) -> list[dict[str, Any]]:
    if table["format"] != _FORMAT:
        raise ValueError(f"is of format {table['format']}")
    return cast("list[dict[str, Any]]", table["files"])


def _file(path: Path, entry: dict[str, Any]) -> PlacedFile:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"{path.name} is not what was kept")
    return PlacedFile(str(entry["place"]), content, int(entry["mode"]))


def _read(path: Path) -> bytes:
    return content_of(path, _MAX_BYTES)
