"""
Puts the files of the set in force where the programs look for them.

What the record says is in force is made true, however much of it was done before:
after a power cut the next start goes on.  Only files the record names as ours are
ever removed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kiosk.disk import Disk, is_as, make_directories, put
from kiosk.errors import words_of
from kiosk.provision.record import Record, write_record
from kiosk.provision.sets import AppliedSet, PlacedFile


_FOLDER_MODES = {
    "etc/credstore": 0o700,
    "etc/NetworkManager/system-connections": 0o700,
    "var/lib/kiosk-provision/network": 0o700,
}
log = logging.getLogger(__name__)

NOTHING = AppliedSet("", "", ())
"""What is in force before the first bundle."""


def carry_out(
    disk: Disk, root: Path, state: Path, record: Record, wanted: AppliedSet
) -> tuple[Record, tuple[str, ...]]:
    """
    Make the files outside those of a set; may be repeated at any time.

    Args:
        disk: What changes files.
        root: Below which their places are.
        state: Where the record is kept.
        record: What is in force.
        wanted: The files of it.

    Returns:
        The record without the places that are empty now, and which places changed.

    """
    changed = [file.place for file in wanted.files if _put(disk, root, file)]
    new = {file.place for file in wanted.files}
    for place in sorted(set(record.places) - new):
        path = root / place
        if os.path.lexists(path):
            disk.remove(path)
            disk.sync(path.parent)
            changed.append(place)
    places = tuple(sorted(new))
    if places != record.places:
        record = replace(record, places=places)
        try:
            write_record(disk, state, record)
        except OSError as error:
            # All files are as they are to be: that empty places are still named as
            # ours harms nobody, and the next time tries again.
            log.warning("places not noted", extra={"reason": words_of(error)})
    return record, tuple(changed)


def foreign(root: Path, files: Iterable[PlacedFile], ours: Iterable[str]) -> list[str]:
    """Return the places of files that somebody else put there."""
    known = frozenset(ours)
    return [
        file.place
        for file in files
        if file.place not in known
        and os.path.lexists(root / file.place)
        and not is_as(root / file.place, file.content, file.mode)
    ]


def _put(disk: Disk, root: Path, file: PlacedFile) -> bool:
    path = root / file.place
    if is_as(path, file.content, file.mode):
        return False
    folder = str(Path(file.place).parent)
    make_directories(disk, path.parent, _FOLDER_MODES.get(folder, 0o755))
    put(disk, path, file.content, file.mode)
    return True
