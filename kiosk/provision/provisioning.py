"""
Applies bundles: all of one, or nothing, whatever happens in between.

The order is the promise.  The bundle is copied and judged; its set is kept, whole and
on the medium; then the record names it, in one rename: that is the moment.  What
follows (the files in their places, secrets taken off the stick, RESULT.txt) is
carried out from the record, again at each start until it is done.  Nobody reads those
places meanwhile: at the start the service is before all who do, and later a running
kiosk is told only when they are complete.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kiosk.config.load import examine_kiosk
from kiosk.disk import Disk, overwrite_and_remove
from kiosk.errors import BundleRefused, words_of
from kiosk.provision import contents
from kiosk.provision.bundle import Bundle, open_bundle
from kiosk.provision.identity import Identity, identity_of
from kiosk.provision.in_force import InForce
from kiosk.provision.intake import take_in
from kiosk.provision.judging import judge
from kiosk.provision.outcome import Origin, Outcome, Verdict
from kiosk.provision.places import is_secret
from kiosk.provision.placing import NOTHING, foreign
from kiosk.provision.record import Record
from kiosk.provision.result import write_result
from kiosk.provision.sets import AppliedSet, PlacedFile
from kiosk.signed import TrustedKeys, read_keys


_HAS_KEYS = "this kiosk takes only what one of its keys signed ({})"
_STICK = (
    "this kiosk is set up already: a stick could be anybody's. [provision] "
    "unsigned_sticks = true would allow it"
)

_NOT_APPLIED = frozenset({Verdict.REFUSED, Verdict.SUPERSEDED, Verdict.UNFINISHED})

log = logging.getLogger(__name__)


class TrialOver(Exception):
    """The set that was to be judged is not on trial any more."""


def _now() -> datetime:
    return datetime.now(UTC)


class Provisioning:
    """
    What provisioning does on one machine.

    Args:
        root: Below which everything is.
        disk: What changes files.
        now: The time of day.

    """

    def __init__(
        self,
        root: Path = Path("/"),
        *,
        disk: Disk | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._root = root
        self._disk = disk or Disk()
        self._now = now
        self._in_force = InForce(root, self._disk)

    @property
    def identity(self) -> Identity:
        """What names this device."""
        return identity_of(self._root)

    @property
    def record(self) -> Record:
        """What is in force."""
        return self._in_force.record

    def apply(self, source: Path, origin: Origin, *, again: bool = False) -> Outcome:
        """
        Apply a bundle, or say why not; RESULT.txt is written beside it.

        Args:
            source: The bundle's directory.
            origin: Where it comes from.
            again: Whether one that was given up, or replaced, is tried once more.

        """
        copies = tempfile.TemporaryDirectory(prefix="kiosk-bundle-")
        with self._in_force.alone(), copies as copy:
            try:
                late = self._in_force.carry_out()
                outcome = self._apply(source, Path(copy), origin, again=again)
                outcome = _completed(outcome, late)
            except BundleRefused as error:
                outcome = self._told(Verdict.REFUSED, lines=error.mistakes)
            except OSError as error:
                outcome = self._stopped(error)
            return self._written(source, outcome)

    def _stopped(self, error: OSError) -> Outcome:
        """Tell what an error left: all as it was, or the files only in part."""
        lines = (f"{words_of(error)}; try again once that is mended",)
        if self._in_force.is_complete:
            return self._told(Verdict.REFUSED, lines=lines)
        current = self.record.current
        return self._told(Verdict.UNFINISHED, bundle=current, lines=lines)

    @property
    def can_give_back(self) -> bool:
        """Whether there is a last good set, whole as it was written."""
        good = self.record.last_good
        return bool(good) and self._in_force.files_of(good) is not NOTHING

    def give_back(self, reason: str, tried: str | None = None) -> Outcome:
        """
        Return from the set on trial to the last good one, and remember why.

        Args:
            reason: Why.
            tried: The set this is about; None for whichever is on trial.

        Raises:
            TrialOver: Another took its place.

        """
        with self._in_force.alone():
            record = self._record_of(tried)
            changed = self._in_force.return_to(record.last_good, self._when(), reason)
            told = self._told(Verdict.GIVEN_UP, bundle=record.trial, lines=(reason,))
            outcome = replace(told, changed=changed)
            return self._written(_medium(record), outcome)

    def tell_unhealthy(self, reason: str, tried: str | None = None) -> Outcome:
        """
        Say that the set on trial is not well, where there is none to return to.

        It stays: a kiosk that says what is wrong is more than one that knows nothing.
        For the arguments see :meth:`give_back`.
        """
        with self._in_force.alone():
            record = self._record_of(tried)
            told = self._told(Verdict.UNHEALTHY, bundle=record.trial, lines=(reason,))
            return self._written(_medium(record), told)

    def refuse(self, folder: Path, line: str) -> Outcome:
        """Say in a directory why nothing of it was applied."""
        return self._written(folder, self._told(Verdict.REFUSED, lines=(line,)))

    def take_back(self) -> Outcome:
        """
        Return to what was in force before, because a person says so.

        Raises:
            BundleRefused: There is nothing to return to.

        """
        with self._in_force.alone():
            record = self.record
            if not record.previous:
                raise BundleRefused(("nothing was in force before: no way back",))
            reason = "taken back by hand (kiosk config rollback)"
            changed = self._in_force.return_to(record.previous, self._when(), reason)
            told = self._told(Verdict.GIVEN_UP, bundle=record.current, lines=(reason,))
            return replace(told, changed=changed)

    def commit(self, tried: str | None = None) -> Outcome:
        """
        Make the set on trial the last good one: the kiosk is healthy.

        For the argument see :meth:`give_back`.
        """
        with self._in_force.alone():
            medium = _medium(self._record_of(tried))
            self._in_force.settle(self._when())
            outcome = self._told(Verdict.HEALTHY, bundle=self.record.current)
            return self._written(medium, outcome)

    def _record_of(self, tried: str | None) -> Record:
        """Return the record, read under the lock: what was judged is still on trial."""
        record = self.record
        if tried is not None and record.trial != tried:
            raise TrialOver
        return record

    def _apply(
        self, source: Path, copy: Path, origin: Origin, *, again: bool
    ) -> Outcome:
        record = self.record
        serial = self.identity.serial
        keys = read_keys(self._root)
        bundle = open_bundle(
            take_in(source, copy, serial),
            keys,
            demands=self._demands(origin, keys, record),
            known=frozenset(record.seen),
        )
        if bundle.is_the_same_as(record.current):
            remarks = self._take_secrets(source, origin)
            return self._told(Verdict.UNCHANGED, bundle=bundle.id, remarks=remarks)
        current = self._in_force.files_of(record.current)
        why_not = "" if again else _why_not(bundle, record, current)
        if why_not:
            return self._told(Verdict.SUPERSEDED, bundle=bundle.id, lines=(why_not,))
        kept = tuple(file for file in current.files if is_secret(file.place))
        draft = judge(bundle, self._root, serial, kept)
        alien = foreign(self._root, _public(draft.files), record.places)
        if alien:
            raise BundleRefused(tuple(map(_alien, alien)))
        created = bundle.created.isoformat() if bundle.created else ""
        new = AppliedSet(bundle.id, created, draft.files)
        changed = self._in_force.begin(new, self._when(), source)
        remarks = (*draft.remarks, *self._take_secrets(source, origin))
        return replace(
            self._told(Verdict.APPLIED, bundle=bundle.id, remarks=remarks),
            server=draft.server,
            addresses=draft.addresses,
            changed=changed,
        )

    def _demands(self, origin: Origin, keys: TrustedKeys, record: Record) -> str:
        if keys.keys:
            return _HAS_KEYS.format(", ".join(key.name for key in keys.keys))
        if origin is not Origin.STICK:
            return ""
        loaded, problem = examine_kiosk(root=self._root)
        is_set_up = bool(record.current) or problem is None
        allows = loaded.config.provision.unsigned_sticks
        return _STICK if is_set_up and not allows else ""

    def _take_secrets(self, source: Path, origin: Origin) -> tuple[str, ...]:
        name = contents.SECRETS
        if not os.path.lexists(source / name):
            return ()
        if not origin.is_cleaned:
            return (f"{name} was read and left where it is.",)
        try:
            overwrite_and_remove(self._disk, source / name)
        except OSError as error:
            log.warning("secrets left on the medium", extra={"reason": words_of(error)})
            why = f"could NOT be removed from the medium ({words_of(error)})"
            return (f"{name} {why}: delete it yourself.",)
        return (f"{name} was stored on the device and deleted from the medium.",)

    def _told(
        self,
        verdict: Verdict,
        *,
        bundle: str = "",
        lines: tuple[str, ...] = (),
        remarks: tuple[str, ...] = (),
    ) -> Outcome:
        now = self.record.current
        return Outcome(
            verdict,
            self._when(),
            self.identity,
            bundle=bundle,
            now=now,
            lines=lines,
            remarks=remarks,
        )

    def _written(self, folder: Path | None, outcome: Outcome) -> Outcome:
        """Write RESULT.txt, where there is somewhere to, and tell the log."""
        if outcome.verdict in _NOT_APPLIED:
            reason = "; ".join(outcome.lines)
            said = {"code": BundleRefused.code, "reason": reason}
            log.warning("bundle not applied", extra=said)
        problem = write_result(self._disk, folder, outcome) if folder else ""
        if problem:
            log.warning("result not written", extra={"reason": problem})
            return replace(outcome, remarks=(*outcome.remarks, problem))
        return outcome

    def _when(self) -> str:
        return self._now().isoformat(timespec="seconds")


def _completed(outcome: Outcome, late: tuple[str, ...]) -> Outcome:
    """Take note of files that an earlier start could not put in their places."""
    if not late or outcome.verdict not in {Verdict.APPLIED, Verdict.UNCHANGED}:
        return outcome
    changed = tuple(dict.fromkeys((*late, *outcome.changed)))
    return replace(outcome, verdict=Verdict.APPLIED, changed=changed)


def _why_not(bundle: Bundle, record: Record, current: AppliedSet) -> str:
    seen = record.seen.get(bundle.id)
    if seen is not None and seen.reason:
        return (
            f"on {seen.at} it was given up: {seen.reason}. It is tried again only by "
            "`kiosk provision apply DIR --again`"
        )
    if seen is not None:
        return (
            f"it was applied on {seen.at} and something else took its place. To go "
            "back: `kiosk config rollback`, or give the bundle a new id"
        )
    made = bundle.created.isoformat() if bundle.created else ""
    if made and current.created > made and not bundle.allow_older:
        return (
            f"it was made on {made}, and what is in force ({current.id}) later, on "
            f"{current.created}. To go back: allow_older in its manifest"
        )
    return ""


def _alien(place: str) -> str:
    return f"/{place}: is there, and no bundle put it there; move it away or rename it"


def _medium(record: Record) -> Path | None:
    folder = Path(record.medium) if record.medium else None
    return folder if folder and folder.is_dir() else None


def _public(files: tuple[PlacedFile, ...]) -> list[PlacedFile]:
    """Return the files but secrets: one of those may take the place of any other."""
    return [file for file in files if not is_secret(file.place)]
