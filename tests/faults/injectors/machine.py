"""Faults of the process and of the machine below it: signals, hangs, disks, time slices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

from tests.fakes.branch import wait_until
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.oracle import TERM_S
from tests.faults.stage import WATCHDOG_S, Stage


TOLD_S: Final = 5.0
"""Within which an agent reads that the kiosk is away."""
HANGS_S: Final = WATCHDOG_S + 2.0
"""So long it takes at most until the watchdog has ended it."""
_CGROUPS: Final = Path("/sys/fs/cgroup")


@injector("D25")
@contextmanager
def terminated(stage: Stage, params: Params) -> Iterator[None]:
    """SIGTERM: the room is left and the process is gone in time, without complaint."""
    began = time.monotonic()
    pid = stage.kiosk.pid
    stage.signal(stage.kiosk, signal.SIGTERM)
    wait_until(lambda: _has_ended(stage, pid), "the end", TERM_S + 5.0)
    took = time.monotonic() - began
    assert took <= TERM_S, f"SIGTERM took {took:.1f} s"
    yield
    assert statuses_of(stage) == [0], f"ended with {statuses_of(stage)}"


@injector("D26")
@contextmanager
def killed(stage: Stage, params: Params) -> Iterator[None]:
    """SIGKILL: it has no time for anything; whoever is in the call reads it."""
    with agent_is_told(stage):
        stage.signal(stage.kiosk, signal.SIGKILL)
    yield


@injector("D27")
@contextmanager
def stopped(stage: Stage, params: Params) -> Iterator[None]:
    """SIGSTOP: it does nothing any more, and the watchdog is not fed."""
    with _watchdog_bites(stage, signal.SIGSTOP, is_silent=True):
        yield


@injector("D28")
@contextmanager
def hanging(stage: Stage, params: Params) -> Iterator[None]:
    """A call into C that never returns, with the GIL held: no thread of ours runs."""
    said = len(stage.kiosk.log)
    with _watchdog_bites(stage, signal.SIGUSR1, is_silent=True):
        yield
    log = stage.kiosk.log[said:]
    assert "Fatal Python error: Aborted" in log, "no stacks in the log"
    assert "sitecustomize.py" in log, "the stacks do not say where it hung"


@injector("D29")
@contextmanager
def spinning(stage: Stage, params: Params) -> Iterator[None]:
    """The event loop's thread is busy without an end; all other threads run."""
    with _watchdog_bites(stage, signal.SIGUSR2, is_silent=False):
        yield


@injector("D24")
@contextmanager
def starved(stage: Stage, params: Params) -> Iterator[None]:
    """The process gets a part of a processor, or none at all for some seconds."""
    percent = int(params.get("percent", 0))
    if percent:
        with _cgroup("cpu", stage.kiosk.pid) as group:
            (group / "cpu.cfs_period_us").write_text("100000")
            (group / "cpu.cfs_quota_us").write_text(str(percent * 1000))
            yield
        return
    with _cgroup("freezer", stage.kiosk.pid) as group:
        (group / "freezer.state").write_text("FROZEN")
        time.sleep(float(params["frozen_s"]))
        (group / "freezer.state").write_text("THAWED")
        yield


@injector("D18", "D19")
@contextmanager
def unwritable(stage: Stage, params: Params) -> Iterator[None]:
    """Where the kiosk keeps its call there is no room left, or nothing may be written."""
    kept = stage.folder / "kiosk.run"
    options = "ro" if params.get("read_only") else "size=64k"
    _run("mount", "-t", "tmpfs", "-o", options, "kiosk-fault", str(kept))
    try:
        if not params.get("read_only"):
            with suppress(OSError), (kept / "full").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        yield
    finally:
        _run("umount", "-l", str(kept))


@injector("D20")
@contextmanager
def damaged(stage: Stage, params: Params) -> Iterator[None]:
    """The disk gives errors back at each fsync, and the configuration has a bad bit."""
    config = stage.kiosk.config
    whole = config.read_bytes()
    inject = "inject=fsync,fdatasync:error=EIO"
    strace = _traced(stage.kiosk.pid, "-f", "-e", "trace=fsync,fdatasync", "-e", inject)
    try:
        bad = bytearray(whole)
        bad[whole.index(b"=")] ^= 0x40
        config.write_bytes(bad)
        stage.signal(stage.kiosk, signal.SIGHUP)
        stage.kiosk.wait_until(lambda now: bool(now["faults"]), "a warning", 10.0)
        yield
        config.write_bytes(whole)
        stage.signal(stage.kiosk, signal.SIGHUP)
        stage.kiosk.wait_until(lambda now: not now["faults"], "no warning", 10.0)
    finally:
        config.write_bytes(whole)
        strace.terminate()
        strace.wait(5.0)


@injector("D36")
@contextmanager
def unsupervised(stage: Stage, params: Params) -> Iterator[None]:
    """No notify socket, one that is not there, a watchdog for somebody else: it works."""
    settings: list[dict[str, str]] = [
        {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": ""},
        {"NOTIFY_SOCKET": "/nowhere/notify"},
        {"WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "often"},
    ]
    with stage.supervision.resting():
        for environment in settings:
            with started_with(stage, environment):
                stage.canary_call()
        stage.start_kiosk()
        stage.kiosk.wait_for("IDLE")
    yield


@contextmanager
def started_with(stage: Stage, environment: Mapping[str, str]) -> Iterator[None]:
    """Have the kiosk run with an environment; it is ended again."""
    stage.kiosk.stop()
    usual, stage.environment = stage.environment, {**stage.environment, **environment}
    try:
        stage.start_kiosk()
        stage.kiosk.wait_for("IDLE")
        yield
        stage.kiosk.stop()
    finally:
        stage.environment = usual


@contextmanager
def hung_thread(stage: Stage, name: str) -> Iterator[None]:
    """Let one thread of the kiosk never wake from its next sleep; it can be killed."""
    file = stage.folder / "threads.toml"  # of no account for what is left behind
    file.unlink(missing_ok=True)
    stage.signal(stage.kiosk, signal.SIGRTMIN)
    wait_until(file.exists, "a list of threads")
    threads = json.loads(file.read_text("utf-8"))
    found = next(number for thread, number in threads.items() if thread == name)
    strace = _traced(found, "-e", "inject=clock_nanosleep:delay_enter=3600000000")
    try:
        yield
    finally:
        strace.kill()
        strace.wait(5.0)


@contextmanager
def agent_is_told(stage: Stage) -> Iterator[None]:
    """What silences the kiosk; no agent looks at a customer who stands still."""
    is_seen = stage.kiosk.state == "IN_CALL"
    yield
    if is_seen:
        stage.agent.wait_until(
            lambda now: now["state"] != "IN_CALL", "told", TOLD_S * stage.patience
        )


@contextmanager
def _watchdog_bites(stage: Stage, number: int, *, is_silent: bool) -> Iterator[None]:
    """
    Send what hangs the kiosk, and wait until its watchdog ended that.

    Args:
        is_silent: Whether nothing comes from it any more while it hangs.

    """
    pid = stage.kiosk.pid
    with agent_is_told(stage) if is_silent else nullcontext():
        stage.signal(stage.kiosk, number)
    wait_until(lambda: _has_ended(stage, pid), "aborted", HANGS_S)
    yield
    assert len(stage.supervision.record.aborted) == 1, "not by the watchdog"


def statuses_of(stage: Stage) -> list[int]:
    """With what the kiosk ended in this run, once it did."""
    record = stage.supervision.record
    wait_until(lambda: bool(record.ends), "the supervisor's notice")
    return [status for _, status in record.ends]


def has_exited(pid: int) -> bool:
    """Say whether a process is no more, or a zombie that somebody holds by a thread."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except FileNotFoundError:
        return True
    return "State:\tZ" in status


def _has_ended(stage: Stage, pid: int) -> bool:
    return stage.kiosk.pid != pid or not stage.kiosk.is_running


@contextmanager
def _cgroup(controller: str, pid: int) -> Iterator[Path]:
    """Put a process into a group of its own of cgroup v1; it goes back to the root's."""
    group = _CGROUPS / controller / f"kiosk-fault-{os.getpid()}-{pid}"
    home = _home_of(controller, pid)
    group.mkdir()
    try:
        (group / "cgroup.procs").write_text(str(pid))
        yield group
    finally:
        for one in (group / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (home / "cgroup.procs").write_text(one)
        group.rmdir()


def _home_of(controller: str, pid: int) -> Path:
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return _CGROUPS / controller / path.lstrip("/")
    return _CGROUPS / controller


def _traced(number: int, *options: str) -> subprocess.Popen[bytes]:
    strace = subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", *options, "-p", str(number)]
    )
    status = Path(f"/proc/{number}/status")
    wait_until(lambda: "TracerPid:\t0\n" not in status.read_text(), "traced")
    return strace


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, timeout=20)
