"""
Provisioning on a machine that runs: what was applied is taken up, tried and told.

At the start of the machine nobody runs yet who would have to be told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from kiosk.disk import Disk
from kiosk.provision.announcing import announce
from kiosk.provision.machine import Machine
from kiosk.provision.outcome import Origin, Outcome, Verdict
from kiosk.provision.provisioning import Provisioning
from kiosk.provision.stick import FOLDER
from kiosk.provision.taking_up import TakingUp
from kiosk.provision.trial import Wait, try_out


_CHANGED = {Verdict.APPLIED, Verdict.GIVEN_UP}


class Attendant:
    """
    Applies bundles for commands and units.

    Args:
        root: Below which everything is.
        provisioning: Of it.
        machine: What runs beside it.
        disk: What changes files.
        taking_up: What that was told of.

    """

    def __init__(
        self,
        root: Path,
        provisioning: Provisioning,
        machine: Machine,
        disk: Disk,
        taking_up: TakingUp,
    ) -> None:
        self._root = root
        self._provisioning = provisioning
        self._machine = machine
        self._disk = disk
        self._taking_up = taking_up

    def apply(self, folder: Path, origin: Origin, *, again: bool = False) -> Outcome:
        """Apply a bundle to the machine as it runs, and have it tried."""
        outcome = self._provisioning.apply(folder, origin, again=again)
        self._take_up(outcome)
        if outcome.verdict is Verdict.APPLIED:
            self._machine.begin_trial()
        return outcome

    def apply_stick(
        self, mounted: Callable[[], AbstractContextManager[Path]], wait: Wait
    ) -> Outcome:
        """
        Apply what is on a stick, and try it while the stick is there.

        RESULT.txt then ends with what became of it.
        """
        with mounted() as stick:
            if not (stick / FOLDER).is_dir():
                line = f"there is no folder {FOLDER}; put the bundle's files into one"
                return self._provisioning.refuse(stick, line)
            outcome = self._provisioning.apply(stick / FOLDER, Origin.STICK)
            self._take_up(outcome)
            if outcome.verdict is Verdict.APPLIED:
                return self.try_out(wait) or outcome
            return outcome

    def try_out(self, wait: Wait) -> Outcome | None:
        """Wait for the kiosk's health; return what became of the trial, if anything."""
        self._tell()  # who applied it may have been ended before
        outcome = try_out(self._provisioning, wait)
        if outcome is not None:
            self._take_up(outcome)
        return outcome

    def take_back(self) -> Outcome:
        """Return to what was before, because a person says so."""
        outcome = self._provisioning.take_back()
        self._take_up(outcome)
        return outcome

    def _take_up(self, outcome: Outcome) -> None:
        announce(self._disk, self._root, self._provisioning.record)
        if outcome.verdict in _CHANGED and outcome.changed:
            self._taking_up.begin(outcome.changed)
            self._tell(outcome.changed)

    def _tell(self, changed: tuple[str, ...] = ()) -> None:
        # also where nothing could be noted
        left = tuple(sorted({*self._taking_up.left, *changed}))
        if left:
            self._machine.take_up(left)
            self._taking_up.done()
