"""The product's own server processes on one store, and what a nemesis does to them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from tests.chaos.asking import Address
from tests.chaos.history import Terms
from tests.fakes.branch import Branch
from tests.fakes.programs import Server
from tests.fakes.redis_process import RedisProcess
from tests.fakes.stored_secrets import Settings


FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
STORES = ("memory", "sqlite", "redis", "two on redis")
_DISK_BYTES = 16 << 20
"""The journal of the file alone takes 4 MiB, and as much while it is copied."""
_BACK_S = 60.0
_LOOKS_ALWAYS = {"FAKETIME_NO_CACHE": "1"}
_LOOKS_RARELY = {"FAKETIME_CACHE_DURATION": "1"}
"""
How often the false clock is read from its file; seconds.

Always is some 2500 times a second under one lock for all threads of a server that keeps
a file, which made it ten times slower than it is; a clock that jumps may do so a second
later, where it is wrong for two at least.
"""


class Servers:
    """
    One or two room servers that come back where they were.

    Args:
        branch: Owns the processes.
        redis: The store they share, if any.
        disk: A small disk of the file they keep, if any.

    """

    def __init__(
        self,
        terms: Terms,
        branch: Branch,
        redis: RedisProcess | None,
        disk: Path | None,
    ) -> None:
        self._branch, self.redis, self.disk = branch, redis, disk
        self._clock = branch.folder / "clock"
        self._clock_looks = _LOOKS_RARELY if terms.sweep_s > 1.0 else _LOOKS_ALWAYS
        self.move_clock(0)
        self._running = [
            self._start(number, _sections(terms, redis, disk))
            for number in range(terms.servers)
        ]
        self._starts = terms.servers

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._running)

    @property
    def addresses(self) -> list[Address]:
        """Where their HTTP listens."""
        places = [server.url.rpartition("/")[2] for server in self._running]
        split = [place.rpartition(":") for place in places]
        return [(host, int(port)) for host, _, port in split]

    @property
    def processes(self) -> dict[str, int]:
        """The process numbers of servers and store by name."""
        numbers = {f"server{n}": one.pid for n, one in enumerate(self._running)}
        return numbers | ({"store": self.redis.pid} if self.redis is not None else {})

    def pid(self, number: int) -> int:
        """Return the process number of a server."""
        return self._running[number].pid

    def kill(self, number: int) -> None:
        """Give it no time for anything."""
        self._running[number].kill()

    def start_again(self, number: int) -> None:
        """Start a killed one where it was, with what its store kept."""
        old = self._running[number]
        http = old.url.rpartition("/")[2]
        rtmp = f"127.0.0.1:{old.rtmp_port}"
        addresses = {"server": {"http": http, "rtmp": rtmp}}
        self._running[number] = self._start(
            self._starts, *old.sections, addresses, kept=old.kept
        )
        self._starts += 1

    def stop(self, number: int) -> None:
        """Let it stand still."""
        os.kill(self.pid(number), signal.SIGSTOP)

    def go_on(self, number: int) -> None:
        """Let it go on."""
        os.kill(self.pid(number), signal.SIGCONT)

    @property
    def has_false_clock(self) -> bool:
        """Whether the servers' wall clock can be moved."""
        return FAKETIME is not None

    def move_clock(self, seconds: int) -> None:
        """Let the servers' wall clock be that far off; nobody else's is."""
        new = self._clock.with_name("clock.new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._clock)

    def fill_disk(self) -> None:
        """Leave the store no byte."""
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 12))

    def empty_disk(self) -> None:
        """Give the room back, and wait until all is written that was not."""
        self._ballast.unlink()
        self.wait_written()

    def wait_written(self) -> None:
        """Wait until the store keeps up: what is not written a kill may take away."""
        deadline = time.monotonic() + _BACK_S
        while not all(map(_is_ready, self._running)):
            assert time.monotonic() < deadline, self._running[0].log[-2000:]
            time.sleep(0.1)

    @property
    def _ballast(self) -> Path:
        assert self.disk is not None
        return self.disk / "ballast"

    def _start(self, number: int, *sections: Settings, kept: str = "") -> Server:
        environment: Mapping[str, str] = {}
        if self.has_false_clock:
            environment = {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                **self._clock_looks,
            }
        return self._branch.adopt(
            Server(
                self._branch.folder,
                f"server{number}",
                *sections,
                kept=kept,
                environment=environment,
            )
        )


def _sections(terms: Terms, redis: RedisProcess | None, disk: Path | None) -> Settings:
    store: dict[str, object] = {"path": "off"}
    if redis is not None:
        store = {"url": redis.url}
    elif disk is not None:
        store = {"path": str(disk / "rooms.db")}
    return {
        "server": {
            "heartbeat_timeout_s": terms.late_s,
            "sweep_s": terms.sweep_s,
        },
        "store": store,
        "limits": {"requests_per_identity": 2000, "per_address": 1000},
    }


@contextmanager
def servers_on(terms: Terms) -> Generator[Servers]:
    """Start servers on a store of that kind; everything is gone at the end."""
    with ExitStack() as stack:
        branch = stack.enter_context(Branch())
        redis = disk = None
        if "redis" in terms.store:
            redis = stack.enter_context(RedisProcess(durable=True))
        elif terms.store == "sqlite":
            disk = stack.enter_context(_small_disk(branch.folder / "disk"))
        yield Servers(terms, branch, redis, disk)
        branch.close()


@contextmanager
def _small_disk(folder: Path) -> Generator[Path]:
    """Make a disk that is soon full; without the right to, a folder that is not."""
    folder.mkdir()
    size = f"size={_DISK_BYTES},mode=0700"
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "none", folder],
            check=False,
            capture_output=True,
        ).returncode
    )
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def is_small(disk: Path) -> bool:
    """Say whether a disk is small enough to be filled."""
    return os.path.ismount(disk)


def _is_ready(server: Server) -> bool:
    """Say whether a server answers that its store keeps up."""
    try:
        return "late" not in httpx.get(f"{server.url}/readyz").text
    except httpx.HTTPError:
        return False
