"""
Provisioning on this machine: its parts put together for the commands and the units.

Below another root directory nothing runs: nobody is told, asked or waited for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from kiosk.app.provision_start import IDENTIFIER
from kiosk.call.states import CALL_STATES
from kiosk.config.load import examine_kiosk
from kiosk.control.client import ControlClient
from kiosk.control.patience import status_in_the_end
from kiosk.disk import Disk
from kiosk.errors import ControlError, UpdateRefused
from kiosk.health import HealthCheck, Verdict
from kiosk.journal.set_up import set_up_log
from kiosk.provision.attendant import Attendant
from kiosk.provision.checking import check_bundle
from kiosk.provision.machine import KIOSK, Machine, NoMachine, ThisMachine
from kiosk.provision.outcome import Origin, Outcome
from kiosk.provision.provisioning import Provisioning
from kiosk.provision.stick import mounted, run_program
from kiosk.provision.taking_up import TakingUp
from kiosk.provision.wiping import wipe
from kiosk.pull import puller
from kiosk.pull.record import STATE as PULLED
from kiosk.update.record import Records


ROOT: Final = Path("/")
_IN_CALL = frozenset(state.name for state in CALL_STATES)
WRITERS: Final = (
    *("kiosk-pull.service", "kiosk-provision-trial.service"),
    *("kiosk-provision@*.service", "kiosk-update.service"),
)
"""Whoever might put back what a wipe removes, if it were under way."""


class OnMachine:
    """
    What the commands ``kiosk provision`` and ``kiosk wipe`` do.

    Args:
        root: Below which everything is.

    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._disk = Disk()
        self._provisioning = Provisioning(root, disk=self._disk)
        machine: Machine = (
            NoMachine() if root != ROOT else ThisMachine(self._is_in_call)
        )
        self._taking_up = TakingUp(root, self._disk)
        self._attendant = Attendant(
            root, self._provisioning, machine, self._disk, self._taking_up
        )

    def apply_at_start(self, medium: Path) -> Outcome:
        """Apply the bundle of a boot medium; nobody has to be told."""
        return self._provisioning.apply(medium, Origin.BOOT)

    def give_back_at_start(self, reason: str) -> Outcome:
        """Return to the last good set; nobody has to be told."""
        return self._provisioning.give_back(reason)

    def apply(self, folder: Path, *, again: bool = False) -> Outcome:
        """Apply the bundle in a directory."""
        return self._attendant.apply(folder, Origin.HAND, again=again)

    def apply_pulled(self, folder: Path) -> Outcome:
        """Apply a bundle that the provisioning server brought."""
        return self._attendant.apply(folder, Origin.PULL)

    def apply_stick(self, device: str) -> Outcome:
        """Mount a stick, apply its bundle, and try it while the stick is there."""
        set_up_log("info", "text", IDENTIFIER)
        return self._attendant.apply_stick(
            partial(mounted, device, self._root), self._wait
        )

    def try_out(self) -> Outcome | None:
        """Wait for the kiosk's health, and keep or take back what is on trial."""
        set_up_log("info", "text", IDENTIFIER)
        return self._attendant.try_out(self._wait)

    def take_back(self) -> Outcome:
        """Return to what was in force before."""
        return self._attendant.take_back()

    def check(self, folder: Path, serial: str | None) -> Sequence[str]:
        """
        Return what is wrong with a bundle; nothing is changed.

        Below ``/`` the bundle is judged on its own: a laptop's configuration is none.
        """
        if self._root != ROOT:
            return check_bundle(folder, self._root, serial)
        with tempfile.TemporaryDirectory(prefix="kiosk-no-root-") as nowhere:
            return check_bundle(folder, Path(nowhere), serial)

    def wipe(self, say: Callable[[str], None]) -> Sequence[str]:
        """
        Make this kiosk nobody's; return what could not be removed.

        Who pulls or updates by hand has no unit that could be stopped, and takes
        minutes: then nothing is removed.
        """
        self._systemctl("stop", KIOSK, *WRITERS)
        try:
            with self._nobody_brings_more():
                return wipe(self._root, self._disk, say)
        except UpdateRefused as error:
            return (f"nothing was removed: {error}",)
        except BlockingIOError:
            return ("nothing was removed: `kiosk pull` is at work; wait for it",)
        finally:
            self._systemctl("start", KIOSK)

    @contextmanager
    def _nobody_brings_more(self) -> Generator[None]:
        pulled = puller.alone(self._root / PULLED, self._disk)
        with Records(self._root).alone(), pulled:
            yield

    def _systemctl(self, *words: str) -> None:
        if self._root == ROOT and Path("/run/systemd/system").is_dir():
            run_program(("systemctl", *words))

    def _client(self) -> ControlClient:
        loaded, _ = examine_kiosk(root=self._root)
        return ControlClient(loaded.config.control.socket)

    def _is_in_call(self) -> bool:
        try:
            told = status_in_the_end(lambda: self._client().status(), time.sleep)
        except ControlError:
            return False
        return told["state"] in _IN_CALL

    def _wait(self, patience_s: float) -> Verdict:
        # Who was healthy before with a network has to reach one again.
        had_network = bool(self._provisioning.record.last_good)
        check = HealthCheck(
            lambda: self._client().status(),
            time.monotonic,
            had_network=had_network,
            since_us=self._taking_up.since_us,
        )
        return check.wait(patience_s, time.sleep)
