"""
System updates, put together: what ``kiosk update`` and root's two units start.

1. ``settle`` must work when everything else is broken: a configuration with mistakes is
   read as far as it goes, and a kiosk that does not answer is one that is not healthy.
2. Nobody is cut off: the running kiosk is asked to make way before each restart; not
   asked is one that is not running, or not healthy, for the return to the old system.
3. What is told goes through the log; systemd's own program restarts the machine.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from kiosk.app.local_time import live_in
from kiosk.app.right_time import is_synchronized
from kiosk.config.load import examine_kiosk
from kiosk.config.network_section import NetworkSection
from kiosk.config.update_section import UpdateSection
from kiosk.control.client import DEFAULT_SOCKET, ControlClient
from kiosk.control.patience import status_in_the_end
from kiosk.errors import (
    ConfigError,
    ControlError,
    DownloadFailed,
    UpdateFailed,
    UpdateRefused,
)
from kiosk.health import HealthCheck, Verdict
from kiosk.journal.set_up import set_up_log
from kiosk.provision.identity import identity_of
from kiosk.signed import read_keys
from kiosk.update import fetching, occasion
from kiosk.update.applying import Here, Updating
from kiosk.update.artefact import SUFFIX
from kiosk.update.fetching import Fetch, Incoming
from kiosk.update.machine import boards_of, boot_id_of, slots_of, version_of
from kiosk.update.record import Record, Records, Stage
from kiosk.update.release import Release
from kiosk.update.settling import Settled, settle
from kiosk.update.slots import Slots
from kiosk.update.telling import update_facts


RESTART: Final = ("systemctl", "reboot")

_STAND_DOWN_S: Final = 120
_ASK_AGAIN_S: Final = 5.0
_RUN_S: Final = 30.0
_DEADLINE_S: Final = 5400.0
_LARGEST: Final = 8 << 30

log = logging.getLogger("kiosk.update")

Run = Callable[[Sequence[str]], None]


def run_program(words: Sequence[str]) -> None:
    """
    Run a program of the system.

    Raises:
        UpdateFailed: It failed, with what it said.

    """
    try:
        subprocess.run(  # noqa: S603 -- what we ask for, no shell
            list(words), check=True, capture_output=True, text=True, timeout=_RUN_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise UpdateFailed(f"{' '.join(words)}: {said.strip()}") from error


class RunningKiosk(Protocol):
    """What is asked of the kiosk that runs here; its control client is one."""

    def status(self) -> Mapping[str, Any]:
        """Return its status; ControlError if it does not answer."""
        ...

    def stand_down(self, seconds: int) -> None:
        """Let no call begin for so long; ControlError if somebody is there."""
        ...


class Updater:
    """
    One machine's updates.

    Args:
        section: What is configured.
        kiosk: Runs here, or should.
        root: Of the machine.
        run: Runs the system's programs.
        sleep: Waits.
        fetch: Fetches a file of a web server.
        serial: Of this device.
        is_time_right: Whether a time server set the clock; None where nobody tells.

    """

    def __init__(
        self,
        section: UpdateSection,
        kiosk: RunningKiosk,
        *,
        fetch: Fetch,
        serial: str,
        is_time_right: Callable[[], bool | None],
        root: Path = Path("/"),
        run: Run = run_program,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._section = section
        self._kiosk = kiosk
        self._root = root
        self._run = run
        self._sleep = sleep
        self._fetch = fetch
        self._serial = serial
        self._is_time_right = is_time_right
        self.records = Records(root)

    @property
    def _incoming(self) -> Incoming:
        folder = self.records.directory / "incoming"
        return Incoming(folder, self._fetch, read_keys(self._root))

    @property
    def slots(self) -> Slots:
        """
        The machine's slots.

        Raises:
            UpdateRefused: It has one system only.

        """
        return slots_of(self._root)

    def apply(self, update: str, *, allow_older: bool, restart: bool) -> Release:
        """
        Write an update, by hand, and restart into it as soon as nobody calls.

        Args:
            update: A file, an unpacked folder, or the URL of either.
            allow_older: Whether the version may go back.
            restart: False leaves the restart to the maintenance window.

        Raises:
            KioskError: See :meth:`kiosk.update.applying.Updating.write`.
            OSError: A file cannot be read or written.

        """
        with self.records.alone():
            path = self._fetched(update) if "://" in update else Path(update)
            release = self._updating().write(path, allow_older=allow_older)
            self._incoming.forget()
            if restart:
                self._try_it(self._make_way(patiently=True))
        return release

    def revert(self) -> Record:
        """
        Go back to the other system, on trial, as soon as nobody calls.

        Raises:
            UpdateRefused: There is none to go back to.

        """
        with self.records.alone():
            updating = self._updating()
            updating.refuse_revert()
            had_network = self._make_way(patiently=True)
            record = updating.revert(had_network=had_network)
            self._run(RESTART)
        return record

    def commit(self) -> Record:
        """
        Keep the running system, healthy or not: a person says so.

        Raises:
            UpdateRefused: There is one system only.

        """
        with self.records.alone():
            return self._settle(
                lambda _: Verdict(is_healthy=True, reason="a person kept it")
            )[1]

    def status(self) -> dict[str, str]:
        """Return what runs and how the last update went; empty where there is none."""
        return update_facts(self._root)

    def settle(self) -> Settled:
        """Decide about the running system after a boot; see the package."""
        try:
            found, record = self._settle(self._wait)
        except UpdateRefused:  # one system only: nothing to decide
            return Settled.NOTHING
        facts = {"version": record.version, "slot": record.slot}
        match found:
            case Settled.COMMITTED:
                log.info("update kept", extra={**facts, "reason": record.reason})
            case Settled.TAKEN_BACK | Settled.FELL_BACK:
                extra = {**facts, "code": UpdateFailed.code, "reason": record.reason}
                log.error("update taken back", extra=extra)
            case Settled.NOTHING:
                pass
        return found

    def check(self, now: Callable[[], datetime]) -> str:
        """
        Do what there is to do in the maintenance window; return it, or why not.

        Args:
            now: Local time; the window may end while an update is on its way.

        Raises:
            KioskError: An update is there, and was not applied.

        """
        if why := self._why_not(now()):
            return why
        with self.records.alone():
            told, is_held = self._offered()
            record = self.records.read()
            if is_held or record.stage is not Stage.WRITTEN:
                return told or "no update waits for its restart"
            if why := self._why_not(now()):
                return f"version {record.version} is written; {why}"
            self._try_it(self._make_way(patiently=False))
        return f"version {record.version} is tried"

    def _why_not(self, now: datetime) -> str:
        is_right = bool(self._is_time_right())
        return occasion.why_not(self._section.window, now, is_right=is_right)

    def _offered(self) -> tuple[str, bool]:
        """Return why no more was fetched, and whether that holds what is written, too."""
        url = self._section.url
        if not url:
            return "", False
        try:
            return self._look_for_more(url)
        except DownloadFailed as error:
            if self.records.read().stage is not Stage.WRITTEN:
                raise
            # What was brought here some other way needs no server.
            log.warning("no update was looked for", extra={"reason": str(error)})
            return str(error), False

    def _look_for_more(self, url: str) -> tuple[str, bool]:
        """Bring what the server offers into the other slot; see :meth:`_offered`."""
        manifest = self._incoming.announced(url)
        record = self.records.read()
        why = fetching.why_not(manifest, record, self._serial, version_of(self._root))
        seen = max(record.seen, manifest.created.isoformat())
        if seen != record.seen:
            record = replace(record, seen=seen)
            self.records.keep(record)
        if why:
            # Halted, say; what failed before and a person brought again is his.
            return why, record.id == manifest.id and manifest.id not in record.failed
        if record.stage is not Stage.WRITTEN or record.id != manifest.id:
            _say(Stage.DOWNLOADING)
            path = self._incoming.completed(url, manifest)
            self._updating().write(path, by_hand=False)
        self._incoming.forget()
        return "", False

    def _fetched(self, url: str) -> Path:
        """Fetch by hand: a single file, or a folder of its members."""
        if not url.endswith(SUFFIX):
            return self._incoming.completed(url, self._incoming.announced(url))
        folder = self.records.directory / "incoming"
        folder.mkdir(0o700, parents=True, exist_ok=True)
        self._fetch(url, folder / f"by-hand{SUFFIX}", _LARGEST)
        return folder / f"by-hand{SUFFIX}"

    def _try_it(self, had_network: bool) -> None:  # noqa: FBT001 -- one meaning
        record = self._updating().set_trial(had_network=had_network)
        facts = {"version": record.version, "slot": record.slot}
        log.info("update tried", extra=facts)
        self._run(RESTART)

    def _settle(self, wait: Callable[[Record], Verdict]) -> tuple[Settled, Record]:
        boot_id = boot_id_of(self._root)
        return settle(
            self.slots, self.records, boot_id, wait, lambda: self._run(RESTART)
        )

    def _wait(self, record: Record) -> Verdict:
        looking = HealthCheck(
            self._kiosk.status, time.monotonic, had_network=record.had_network
        )
        return looking.wait(self._section.healthy_s, self._sleep)

    def _make_way(self, *, patiently: bool) -> bool:
        """Have the running kiosk take no call; return whether it was served."""
        while True:
            try:
                status = status_in_the_end(self._kiosk.status, self._sleep)
            except ControlError:
                return False  # nobody can be at it
            try:
                self._kiosk.stand_down(_STAND_DOWN_S)
            except ControlError as error:
                if not patiently:
                    raise UpdateRefused(f"not now: {error}") from error
                self._sleep(_ASK_AGAIN_S)
            else:
                told: Mapping[str, Any] = status.get("health", {})
                return told.get("served_us") is not None

    def _updating(self) -> Updating:
        root = self._root
        here = Here(boards_of(root), version_of(root), boot_id_of(root))
        return Updating(self.slots, self.records, here, read_keys(root), _say)


def updater_of(file: Path | None, root: Path = Path("/")) -> Updater:
    """Return this machine's updater, with what can be read of the configuration."""
    set_up_log("info", "text", "kiosk-update")
    section, network, socket = UpdateSection(), NetworkSection(), DEFAULT_SOCKET
    try:
        config = examine_kiosk(file, root=root)[0].config
    except ConfigError as error:
        log.warning("configuration not read", extra={"reason": str(error)})
    else:
        section, network = config.update, config.network
        socket = Path(config.control.socket)
        live_in(config.kiosk.time_zone)
    return Updater(
        section,
        ControlClient(socket),
        fetch=fetch_by(network),
        serial=identity_of(root).serial,
        is_time_right=partial(is_synchronized, root),
        root=root,
    )


def fetch_by(network: NetworkSection) -> Fetch:
    """Return what fetches files, trusting whom ``[network]`` trusts."""

    def fetch(url: str, path: Path, most_bytes: int) -> None:
        from kiosk.app.trust import client_context  # noqa: PLC0415 -- only who fetches
        from kiosk.download import Download, Limits  # noqa: PLC0415 -- loads httpx

        limits = Limits(most_bytes, _DEADLINE_S)
        tls = client_context(network)
        insecure, way = network.insecure, network.way
        Download(url, path, limits, tls, insecure=insecure, proxy=way).fetch()

    return fetch


def _say(stage: Stage) -> None:
    log.info("update stage", extra={"stage": stage.value})
