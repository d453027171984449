"""
What is in force on this machine, and how that changes: in one step, for good.

The record names a set; writing it is the step.  What follows is carried out from it,
again at each start until it is done.
"""

from __future__ import annotations

import logging
import os
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

from kiosk.disk import Disk, alone_in, is_as
from kiosk.provision.outcome import Verdict
from kiosk.provision.placing import NOTHING, carry_out
from kiosk.provision.record import Record, Seen, read_record, write_record
from kiosk.provision.sets import AppliedSet, SetDamaged, Sets


STATE: Final = "var/lib/kiosk-provision"
_STATE_MODE = 0o700

log = logging.getLogger(__name__)


class InForce:
    """
    The sets of a machine, and which is in force.

    Args:
        root: Below which everything is.
        disk: What changes files.

    """

    def __init__(self, root: Path, disk: Disk) -> None:
        self.root = root
        self.disk = disk
        self._state = root / STATE
        self._sets = Sets(disk, self._state / "sets")

    @property
    def record(self) -> Record:
        """What is in force."""
        return read_record(self._state)

    @property
    def is_complete(self) -> bool:
        """Whether every file of the set in force, and no other of ours, is there."""
        record = self.record
        files = self.files_of(record.current).files
        stale = set(record.places) - {file.place for file in files}
        return all(
            is_as(self.root / file.place, file.content, file.mode) for file in files
        ) and not any(os.path.lexists(self.root / place) for place in stale)

    def alone(self) -> AbstractContextManager[None]:
        """Let one process at a time change anything; another waits."""
        return alone_in(self.disk, self._state, _STATE_MODE, waits=True)

    def finish(self, *, is_start: bool = False) -> None:
        """
        Carry out what the record says, however much of it was done.

        Args:
            is_start: Of the machine: a set on trial is given so many of them.

        """
        with self.alone():
            record = self.record
            if is_start and record.trial:
                self.note(replace(record, starts=record.starts + 1))
            self.carry_out()

    def files_of(self, name: str) -> AppliedSet:
        """Return a set; of none, and of one that is damaged, no files."""
        if not name:
            return NOTHING
        try:
            return self._sets.get(name)
        except SetDamaged as error:
            log.error("a set of files is damaged", extra={"reason": str(error)})  # noqa: TRY400 -- the reason is the whole story
            return NOTHING

    def note(self, record: Record) -> None:
        """Remember; nothing else changes."""
        write_record(self.disk, self._state, record)

    def begin(self, new: AppliedSet, when: str, medium: Path) -> tuple[str, ...]:
        """
        Put a set in force, on trial; return which files changed.

        Raises:
            OSError: A file could not be put in its place.  All are as they were, but
                where that failed, too (:attr:`is_complete`).

        """
        self._sets.add(new)
        record = self.record
        places = {*record.places, *(file.place for file in new.files)}
        self.note(
            replace(
                record.having_seen(new.id, Seen(when, Verdict.APPLIED.value)),
                current=new.id,
                previous=record.current,
                trial=new.id,
                starts=0,
                medium=str(medium),
                places=tuple(sorted(places)),
            )
        )
        try:
            changed = self.carry_out()
        except OSError:
            self.note(replace(record, places=tuple(sorted(places))))
            self.carry_out()
            raise
        log.info("bundle applied", extra={"bundle": new.id})
        return changed

    def return_to(self, name: str, when: str, reason: str) -> tuple[str, ...]:
        """Put an earlier set in force again; return which files changed."""
        record = self.record
        left = record.current
        places = {*record.places, *(file.place for file in self.files_of(name).files)}
        seen = Seen(when, Verdict.GIVEN_UP.value, reason)
        self.note(
            replace(
                record.having_seen(left, seen),
                current=name,
                previous="" if record.previous == name else record.previous,
                last_good=name if record.last_good == left else record.last_good,
                trial="",
                starts=0,
                places=tuple(sorted(places)),
            )
        )
        log.warning("bundle taken back", extra={"bundle": left, "reason": reason})
        return self.carry_out()

    def settle(self, when: str) -> None:
        """Make what is in force the last good one."""
        record = self.record
        seen = Seen(when, Verdict.HEALTHY.value)
        record = record.having_seen(record.current, seen)
        record = replace(
            record, last_good=record.current, trial="", starts=0, medium=""
        )
        self.note(record)
        self._sets.keep_only(record.sets)

    def carry_out(self) -> tuple[str, ...]:
        """Make what the record says true; return which files changed."""
        record = self.record
        wanted = self.files_of(record.current)
        if record.current and wanted is NOTHING:
            return ()  # what is there stays: better than nothing
        record, changed = carry_out(self.disk, self.root, self._state, record, wanted)
        self._sets.keep_only(record.sets)
        return changed
