"""
The steps from a file to a system on trial, in their one order.

Each step is recorded before it begins, so that whoever finds the machine after a power
cut knows how far it came; beginning again from the first step is always right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.errors import KioskError, UpdateFailed, UpdateRefused
from kiosk.signed import TrustedKeys
from kiosk.update.artefact import Artefact, opened
from kiosk.update.images import unpacked
from kiosk.update.record import Record, Records, Stage
from kiosk.update.release import Release, refuse_unfit
from kiosk.update.slots import OTHER, Slots, refuse_small
from kiosk.update.writing import holds, write_image


@dataclass(frozen=True, slots=True)
class Here:
    """
    The machine that is updated.

    Attributes:
        boards: What it calls itself.
        version: Of the running system; empty where it has none.
        boot_id: Another one after each boot.

    """

    boards: tuple[str, ...]
    version: str
    boot_id: str


class Updating:
    """
    Updates one machine.

    Args:
        slots: Of the machine.
        records: Where it is kept how far it came.
        here: What the machine is.
        keys: Whom it believes.
        say: Told each stage as it begins.

    """

    def __init__(
        self,
        slots: Slots,
        records: Records,
        here: Here,
        keys: TrustedKeys,
        say: Callable[[Stage], None],
    ) -> None:
        self._slots = slots
        self._records = records
        self._here = here
        self._keys = keys
        self._say = say

    def write(
        self, path: Path, *, allow_older: bool = False, by_hand: bool = True
    ) -> Release:
        """
        Bring an update's file into the slot that does not run.

        Args:
            path: Of the file.
            allow_older: Whether the version may go back.
            by_hand: Whether a person asked; what failed here once is only tried again
                then.

        Raises:
            NotAsSigned: Nobody trusted signed it, or it is damaged.
            UpdateRefused: It is not for this machine; nothing was written.
            UpdateFailed: The slot that does not run is unusable now.
            OSError: The record cannot be kept, or the file not be read.

        """
        self._refuse_during_trial()
        with opened(path, self._keys) as artefact:
            release = artefact.release
            self._refuse(release, artefact, allow_older=allow_older, by_hand=by_hand)
            if self._is_written(release):
                self._note(Stage.WRITTEN, release)
                return release
            self._note(Stage.VERIFYING, release)
            artefact.check_payload()
            self._slots.clear_trial()  # what is half written must never boot
            self._note(Stage.WRITING, release)
            try:
                self._write_images(artefact)
            except KioskError as error:
                self._note(Stage.FAILED, release, str(error))
                raise
            self._note(Stage.WRITTEN, release)
        return release

    def set_trial(self, *, had_network: bool) -> Record:
        """
        Have the next boot try what is written; the caller restarts the machine.

        Args:
            had_network: Whether the room service answered the running system.

        Raises:
            UpdateRefused: Nothing is written that was not tried yet.

        """
        self._refuse_during_trial()
        record = self._records.read()
        if record.stage not in {Stage.WRITTEN, Stage.TRIAL}:
            raise UpdateRefused("no update waits for its trial; apply one")
        self._say(Stage.TRIAL)
        trial = replace(
            record,
            stage=Stage.TRIAL,
            boot_id=self._here.boot_id,
            had_network=had_network,
        )
        self._records.keep(trial)
        self._slots.set_trial()
        return trial

    def refuse_revert(self) -> None:
        """
        Return if there is another system to go back to.

        Raises:
            UpdateRefused: No complete system is known to be in the other slot.

        """
        record = self._records.read()
        if self._slots.running == self._slots.default and (
            record.stage is not Stage.COMMITTED or record.slot != self._slots.running
        ):
            raise UpdateRefused(
                "the slot that does not run holds no system that was good before"
            )

    def revert(self, *, had_network: bool) -> Record:
        """
        Have the next boot go back to the other slot, on trial as everything is.

        Raises:
            UpdateRefused: See :meth:`refuse_revert`.

        """
        self.refuse_revert()
        record = self._records.read()
        if self._slots.running != self._slots.default:
            return self._give_up(record)
        self._say(Stage.TRIAL)
        back = replace(
            record,
            stage=Stage.TRIAL,
            id=f"before {record.id}",
            failed=record.with_failure(record.id),  # or it comes again by itself
            version="",
            slot=OTHER[self._slots.running],
            boot_id=self._here.boot_id,
            had_network=had_network,
        )
        self._records.keep(back)
        self._slots.set_trial()
        return back

    def _give_up(self, record: Record) -> Record:
        self._slots.clear_trial()
        failed = replace(
            record,
            stage=Stage.FAILED,
            reason="it was taken back by hand",
            failed=record.with_failure(record.id),
        )
        self._records.keep(failed)
        return failed

    def _refuse_during_trial(self) -> None:
        if self._slots.running != self._slots.default:
            raise UpdateRefused(
                "the running system is on trial itself; `kiosk update commit` or "
                "`kiosk update revert` first"
            )

    def _refuse(
        self, release: Release, artefact: Artefact, *, allow_older: bool, by_hand: bool
    ) -> None:
        if release.id in self._records.read().failed and not by_hand:
            raise UpdateRefused(
                f"{release.id} failed here before; `kiosk update apply` by hand, or "
                "publish a newer one"
            )
        refuse_unfit(
            release,
            self._here.boards,
            self._here.version,
            allow_older=allow_older or artefact.manifest.allow_older,
        )
        for image in release.images:
            refuse_small(self._slots.target(image.name), image.size)

    def _is_written(self, release: Release) -> bool:
        record = self._records.read()
        is_known = record.id == release.id and record.stage in {
            Stage.WRITTEN,
            Stage.TRIAL,
        }
        return is_known and all(
            holds(self._slots.target(image.name), image) for image in release.images
        )

    def _write_images(self, artefact: Artefact) -> None:
        wanted = {image.name: image for image in artefact.release.images}
        with unpacked(artefact.payload) as images:
            for name, blocks in images:
                if (image := wanted.pop(name, None)) is None:
                    raise UpdateFailed(f"the image {name} is in it twice")
                write_image(self._slots.target(name), image, blocks)
        if wanted:
            raise UpdateFailed(f"it holds no image {' and no image '.join(wanted)}")

    def _note(self, stage: Stage, release: Release, reason: str = "") -> None:
        self._say(stage)
        before = self._records.read()
        self._records.keep(
            Record(
                stage=stage,
                id=release.id,
                version=release.version,
                slot=OTHER[self._slots.running],
                reason=reason,
                failed=before.failed,
                seen=before.seen,
            )
        )
