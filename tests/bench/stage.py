"""
A room server, an agent and a kiosk for a benchmark, with nothing on a disk.

The kiosk's virtual framebuffer lies in shared memory and is read from outside
by :class:`Reader`, a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.branch import Branch
from tests.fakes.programs import Party, Server
from tests.lab.network import Network
from tests.lab.shuttle import NETWORK


OUTSIDE_READER = Path(__file__).with_name("outside_reader.py")
SHARED_MEMORY = Path("/dev/shm")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1_048_576
_CPUCLOCK_SCHED = 2

PLAIN = {"insecure": True}
"""The network section of parties in a lab: nobody else is there to listen."""

Sections = Mapping[str, Mapping[str, Any]]


class Stage:
    """
    Starts the parties of a benchmark with what all of them share.

    Attributes:
        is_watched: Whether the kiosk's pictures are copied once more, for a reader.

    """

    def __init__(self, branch: Branch, folder: Path) -> None:
        self.branch = branch
        self.is_watched = True
        self.framebuffer = folder / "kiosk.fb"
        self.agents_framebuffer = folder / "agent.fb"

    def start_server(self, **settings: object) -> Server:
        return self.branch.start_server(None, **settings)

    def start_server_in(self, lab: Network) -> Server:
        """Start the server at the far end of a lab, open to whoever is in it."""
        self.branch.place = lab.far
        sections: Sections = {"network": PLAIN, "compat": {"originals": [NETWORK]}}
        return self.branch.start_server(sections)

    def start_agent(self, **sections: Mapping[str, Any]) -> Party:
        """Start the agent and wait until it waits."""
        agent = self.branch.start_agent("agent", **_merged({}, sections))
        agent.wait_for("WAITING", 20.0)
        return agent

    def start_kiosk(self, **sections: Mapping[str, Any]) -> Party:
        """Start the kiosk and wait until it may be called ready."""
        display: dict[str, Any] = {"size": "1280x720", "self_view": True}
        if self.is_watched:
            display["framebuffer"] = str(self.framebuffer)
        kiosk = self.branch.start_kiosk(
            "kiosk", **_merged({"display": display}, sections)
        )
        kiosk.wait_for("IDLE", 20.0)
        return kiosk


@contextlib.contextmanager
def open_stage() -> Generator[Stage]:
    """Yield a stage; its processes and files are gone afterwards."""
    where = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-bench-", dir=where) as folder,
        Branch() as branch,
    ):
        try:
            yield Stage(branch, Path(folder))
        except Exception:
            _tell_of_the_dead(branch)
            raise


def _tell_of_the_dead(branch: Branch) -> None:
    """Print the last words of processes that ended by themselves."""
    for program in branch._programs:
        if not program.is_running and program._process.returncode:
            status = program._process.returncode
            print(f"  ended with {status}:\n{program.log[-3000:]}", file=sys.stderr)


class Reader:
    """The outside reader as a process; it is ready once this is constructed."""

    def __init__(self, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(OUTSIDE_READER), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def result(self) -> dict[str, Any]:
        """Wait for its end and return what it found."""
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the outside reader ended without a word")
        found: dict[str, Any] = json.loads(line)
        return found


def now_us() -> int:
    """Return CLOCK_MONOTONIC in microseconds."""
    return time.monotonic_ns() // 1000


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    statm = Path(f"/proc/{pid}/statm").read_text("ascii")
    return int(statm.split()[1]) * PAGE_MB


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process, all threads, in seconds."""
    # The kernel's clock of another process (clock_getcpuclockid): in nanoseconds.
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def stream_of(party: Party, what: str) -> dict[str, Any]:
    """Return the only stream the party plays, or fail by name."""
    streams = party.status()["play"]
    assert len(streams) == 1, f"{what}: {len(streams)} streams are played"
    stream: dict[str, Any] = streams[0]
    return stream


def _merged(below: Sections, above: Sections) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {
        # Sound goes into memory: a WAV that grows is no part of a kiosk.
        "speaker": {"device": "synthetic"},
        "log": {"level": "warning"},
    }
    for layer in (below, above):
        for section, keys in layer.items():
            merged.setdefault(section, {}).update(keys)
    return merged
