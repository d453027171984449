"""Faults of limits: memory that is none, descriptors and threads that are refused."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.fakes.branch import wait_until
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.machine import agent_is_told
from tests.faults.stage import Stage


CGROUPS: Final = Path("/sys/fs/cgroup")
_MB: Final = 1_048_576
_KILLED_S: Final = 20.0
_GLUTTON: Final = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
kept = []
while True:
    kept.append(bytearray(b"x") * 1_048_576)
    time.sleep(0.002)
"""
"""Joins a group, takes a megabyte more every two milliseconds, and keeps them."""


@injector("D21")
@contextmanager
def out_of_memory(stage: Stage, params: Params) -> Generator[None]:
    """
    The memory that the kiosk's group may have is full, and the kernel kills it.

    Somebody else in the group takes what there is; the kiosk is the one to go, as
    ``OOMScoreAdjust`` would have it of a process without worth.
    """
    kiosk = stage.kiosk
    with _group("memory") as group:
        (group / "memory.limit_in_bytes").write_text(str(int(params["mb"]) * _MB))
        (group / "cgroup.procs").write_text(str(kiosk.pid))
        Path(f"/proc/{kiosk.pid}/oom_score_adj").write_text("1000")
        glutton = subprocess.Popen([sys.executable, "-c", _GLUTTON, str(group)])
        try:
            with agent_is_told(stage):
                wait_until(
                    lambda: not kiosk.is_running, "killed by the kernel", _KILLED_S
                )
        finally:
            glutton.kill()
            glutton.wait()
        yield


@injector("D23")
@contextmanager
def no_descriptors(stage: Stage, params: Params) -> Generator[None]:
    """
    The kiosk gets no descriptor more, and with ``threads`` no thread either.

    What it has it keeps; the next socket, device or thread is refused, until the limits
    are what they were or it is another process.
    """
    kiosk = stage.kiosk
    old = resource.prlimit(kiosk.pid, resource.RLIMIT_NOFILE)
    with _group("pids") as group:
        if params.get("threads"):
            running = _count(f"/proc/{kiosk.pid}/task")
            (group / "cgroup.procs").write_text(str(kiosk.pid))
            (group / "pids.max").write_text(str(running))
        held = _count(f"/proc/{kiosk.pid}/fd")
        resource.prlimit(kiosk.pid, resource.RLIMIT_NOFILE, (held, old[1]))
        try:
            yield
        finally:
            if kiosk.is_running:
                with suppress(ProcessLookupError):
                    resource.prlimit(kiosk.pid, resource.RLIMIT_NOFILE, old)


@contextmanager
def _group(controller: str) -> Generator[Path]:
    """Make a control group (version 1) of our own; who is in it leaves it in the end."""
    group = CGROUPS / controller / f"kiosk-faults-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        yield group
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (group.parent / "cgroup.procs").write_text(pid)
        wait_until(lambda: _is_removed(group), "the group removed", _KILLED_S)


def _is_removed(group: Path) -> bool:
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


def _count(folder: str) -> int:
    return len(list(Path(folder).iterdir()))
