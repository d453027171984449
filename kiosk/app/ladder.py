"""
Root's program for a kiosk that failed: ``python3 -I -m kiosk.app.ladder failed``.

``kiosk-ladder.service`` runs it between a failure and the restart, and
``kiosk-ladder-count.service`` with ``served`` now and then while the kiosk is well.

1. It must work when everything else is broken: standard library only, and whatever
   goes wrong here, systemd's own restart after a second goes on.
2. The history is on the disk before a reboot is ordered, else none is ordered.
3. systemd is asked and told through its own program; nothing else is believed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kiosk.errors import words_of
from kiosk.journal.set_up import set_up_log
from kiosk.ladder.record import DAMAGED, LONGEST, Record, from_text, to_text
from kiosk.ladder.rungs import Rung, failed, served


UNIT: Final = "kiosk.service"
SAFE_SCREEN: Final = "kiosk-safe-screen.service"
RECORD: Final = Path("var/lib/kiosk-ladder/history.json")

CODES: Final[Mapping[str, str]] = {
    "exit-code": "K005",
    "signal": "K006",
    "core-dump": "K006",
    "watchdog": "K007",
    "timeout": "K008",
    "oom-kill": "K009",
}
"""By systemd's result of the unit; see ``kiosk doctor``."""
OTHER: Final = "K010"

RETRIES: Final = {
    Rung.SAFE_SCREEN: "kiosk-retry.timer",
    Rung.STAY: "kiosk-retry-slowly.timer",
}
"""What starts the kiosk again, after ten seconds and after a minute."""

_ASKED: Final = (
    "ActiveState,Result,ExecMainStatus,ExecMainStartTimestampMonotonic,"
    "ExecMainExitTimestampMonotonic,ActiveEnterTimestampMonotonic"
)
_ORDERS: Final = {"stop", "restart"}
_FORGETFUL: Final = {"tmpfs", "ramfs", "overlay"}
"""File systems whose files a reboot may undo; of an overlay nobody can tell."""
_RUN_S: Final = 8.0
_MICROS: Final = 1_000_000

log = logging.getLogger("kiosk.ladder")

Run = Callable[[Sequence[str]], str]
"""Runs a program and returns what it prints; OSError if it fails."""


def run_program(argv: Sequence[str]) -> str:
    """Run a program with a deadline."""
    try:
        done = subprocess.run(  # noqa: S603 -- what we ask for, no shell
            list(argv), capture_output=True, text=True, timeout=_RUN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{argv[0]} gave no answer") from error
    if done.returncode != 0:
        raise OSError(done.stderr.strip() or f"{argv[0]}: exit {done.returncode}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Ladder:
    """
    What the program works on.

    Attributes:
        root: Under which everything is looked for.
        run: Runs systemd's program.
        now_s: Seconds of this boot, as systemd counts them.

    """

    root: Path = Path("/")
    run: Run = run_program
    now_s: Callable[[], float] = time.monotonic

    @property
    def path(self) -> Path:
        """Where the history is."""
        return self.root / RECORD

    def failed(self) -> Rung | None:
        """Do what is to be done about the failure that just was; None: nothing is."""
        if self._is_ordered_to_end():
            # It was killed because it did not end in time, and shall stay ended.
            log.warning("kiosk service ended by order, late")
            return None
        unit = self._unit()
        record = read_record(self.path)
        if record.is_damaged:
            log.warning("ladder history unreadable, no reboot without service")
        boot = self._boot()
        history = served(record.history, boot, *_service_of(unit))
        step = failed(history, may_reboot=self._is_lasting())
        result = unit.get("Result", "unknown")
        why = f"{result}, status {unit.get('ExecMainStatus', 'unknown')}"
        code = CODES.get(result, OTHER)
        record = Record(step.history, step.rung, code, why)
        rung = step.rung
        if not self._is_written(record) and rung is Rung.REBOOT:
            rung = Rung.STAY
        facts = {
            "rung": rung.value,
            "code": code,
            "reason": why,
            "failures": len(step.history.failures),
            "reboots": len(step.history.reboots),
        }
        log.error("kiosk service failed", extra=facts)
        self._take(rung)
        return rung

    def served(self) -> None:
        """Count the service since it was counted last; forget what is long ago."""
        unit = self._unit()
        if unit.get("ActiveState") not in {"active", "reloading"}:
            return
        record = read_record(self.path)
        since = _seconds(unit, "ActiveEnterTimestampMonotonic")
        history = served(record.history, self._boot(), since, self.now_s())
        if history.is_clean:
            self.path.unlink(missing_ok=True)
            log.info("kiosk service well again")
            # the last picture of the safe screen, kept so that no console showed
            self._tell(["clean", "--what=fdstore", SAFE_SCREEN])
        else:
            self._is_written(replace(record, history=history, is_damaged=False))

    def _take(self, rung: Rung) -> None:
        if rung is Rung.RESTART:
            return
        if rung is Rung.REBOOT and self._tell(["--no-block", "reboot"]):
            return
        if rung is Rung.REBOOT:
            rung = Rung.STAY
        # It conflicts with the kiosk: systemd's own restart is called off by that.
        self._tell(["--no-block", "start", SAFE_SCREEN])
        self._tell(["--no-block", "restart", RETRIES[rung]])

    def _tell(self, words: Sequence[str]) -> bool:
        try:
            self.run(["systemctl", *words])
        except OSError as error:
            facts = {"told": " ".join(words), "reason": words_of(error)}
            log.error("systemd refused", extra=facts)  # noqa: TRY400 -- no traceback
            return False
        return True

    def _unit(self) -> Mapping[str, str]:
        try:
            told = self.run(["systemctl", "show", UNIT, f"--property={_ASKED}"])
        except OSError as error:
            log.warning("systemd says nothing", extra={"reason": words_of(error)})
            return {}
        return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)

    def _is_ordered_to_end(self) -> bool:
        """Whether somebody stops or restarts the unit: its own restart is no such job."""
        try:
            told = self.run(["systemctl", "list-jobs", "--no-legend", UNIT])
        except OSError:
            return False
        jobs = (line.split() for line in told.splitlines())
        return any(UNIT in job and not _ORDERS.isdisjoint(job) for job in jobs)

    def _boot(self) -> str:
        try:
            path = self.root / "proc/sys/kernel/random/boot_id"
            return path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def _is_written(self, record: Record) -> bool:
        try:
            write_record(self.path, record)
        except OSError as error:
            facts = {"reason": words_of(error)}
            log.error("ladder history not written", extra=facts)  # noqa: TRY400
            return False
        return True

    def _is_lasting(self) -> bool:
        """Whether what is written outlives a reboot, as far as can be told."""
        try:
            mounts = (self.root / "proc/self/mountinfo").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        kind = file_system(mounts, self.path)
        return bool(kind) and kind not in _FORGETFUL


def file_system(mounts: str, path: Path) -> str:
    """
    Return the kind of file system a path is on; empty if that cannot be told.

    Args:
        mounts: The lines of ``/proc/self/mountinfo``, see proc(5).
        path: Absolute.

    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")
        fields, words = before.split(), behind.split()
        if len(fields) < 5 or not words:  # noqa: PLR2004 -- the mount point is the fifth
            continue
        at = Path(fields[4])
        if path.is_relative_to(at) and len(at.parts) >= longest:
            kind, longest = words[0], len(at.parts)
    return kind


def read_record(path: Path) -> Record:
    """Return what is written; nothing written is a clean history."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            return DAMAGED
        return from_text(content.decode())
    except FileNotFoundError:
        return Record()
    except (OSError, ValueError):
        return DAMAGED


def write_record(path: Path, record: Record) -> None:
    """
    Write it so that a power cut leaves the old one or the new one.

    Raises:
        OSError: If it cannot be written.

    """
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(to_text(record))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _service_of(unit: Mapping[str, str]) -> tuple[float, float]:
    """Return from when to when of this boot the run that ended was ready."""
    began = _seconds(unit, "ExecMainStartTimestampMonotonic")
    ready = _seconds(unit, "ActiveEnterTimestampMonotonic")
    ended = _seconds(unit, "ExecMainExitTimestampMonotonic")
    if ready < began or ended < ready or not ready:
        return ended, ended
    return ready, ended


def _seconds(unit: Mapping[str, str], name: str) -> float:
    told = unit.get(name, "")
    return int(told) / _MICROS if told.isdecimal() else 0.0


def main(argv: Sequence[str]) -> int:
    """Run one of the two, and return the exit status."""
    set_up_log("info", "text", "kiosk-ladder")
    ladder = Ladder()
    if list(argv) == ["failed"]:
        ladder.failed()
    elif list(argv) == ["served"]:
        ladder.served()
    else:
        return os.EX_USAGE
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
