"""
What provisioning does at each start of the machine, before everybody who reads its files.

Nearly always there is nothing to do, and the screen is dark meanwhile: so little is
imported here, and the rest only for a boot medium that looks different from the last
time.  An error is told and never keeps the kiosk from its own start.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from kiosk.disk import Disk, files_in
from kiosk.errors import words_of
from kiosk.provision.announcing import announce
from kiosk.provision.in_force import InForce
from kiosk.provision.machine import Machine
from kiosk.provision.outcome import Outcome, Verdict
from kiosk.provision.places import BOOT_MEDIA, RESULT
from kiosk.provision.record import Record


MOST_STARTS: Final = 3
"""So often the machine may start before anybody knows whether the kiosk is healthy."""

log = logging.getLogger(__name__)


class Whole(Protocol):
    """All of provisioning, for what is rare."""

    def apply_at_start(self, medium: Path) -> Outcome:
        """Apply the bundle of a boot medium; nobody has to be told."""
        ...

    def give_back_at_start(self, reason: str) -> Outcome:
        """Return to the last good set; nobody has to be told."""
        ...


def start(root: Path, disk: Disk, machine: Machine, whole: Callable[[], Whole]) -> bool:
    """
    Do what a start of the machine needs.

    Args:
        root: Below which everything is.
        disk: What changes files.
        machine: Is asked to wait for the kiosk's health, where a set is on trial.
        whole: Returns the rest of provisioning; costs time.

    Returns:
        Whether a boot medium had nothing wrong on it, and all files are in place.

    """
    in_force = InForce(root, disk)
    went_well = True
    try:
        in_force.finish(is_start=True)
        _give_up(in_force.record, whole)
        for medium in BOOT_MEDIA:
            went_well = _look_at(medium, in_force, whole) and went_well
    except OSError as error:
        log.error("provisioning failed", extra={"reason": words_of(error)})  # noqa: TRY400 -- the reason is the whole story
        went_well = False
    announce(disk, root, in_force.record)
    if in_force.record.trial:
        machine.begin_trial()
    return went_well


def _give_up(record: Record, whole: Callable[[], Whole]) -> None:
    """Take a set back with which the machine started again and again."""
    if record.trial and record.last_good and record.starts > MOST_STARTS:
        times = f"the machine started {record.starts} times"
        whole().give_back_at_start(f"{times}, and the kiosk was never healthy")


def _look_at(medium: str, in_force: InForce, whole: Callable[[], Whole]) -> bool:
    folder = in_force.root / medium
    if not folder.is_dir():
        return True
    if in_force.record.looked.get(medium) == _look_of(folder):
        return True
    outcome = whole().apply_at_start(folder)
    if outcome.verdict in {Verdict.REFUSED, Verdict.UNFINISHED}:
        return False  # what was wrong may not be on the medium: look again next time
    with in_force.alone():
        record = in_force.record
        looked = {**record.looked, medium: _look_of(folder)}
        in_force.note(replace(record, looked=looked))
    return True


def _look_of(folder: Path) -> str:
    """Return a digest of names, sizes and times, which any change of a file changes."""
    told = "\n".join(_told(folder))
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


def _told(folder: Path) -> Iterator[str]:
    for path in files_in(folder):
        facts = path.lstat()
        if path.is_dir() and not path.is_symlink():
            yield from _told(path)
        elif path.name != RESULT:
            yield f"{path} {facts.st_size} {facts.st_mtime_ns} {facts.st_mode}"
