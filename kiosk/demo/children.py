"""
The processes of a demonstration: started in order, ended in any case.

Each has a process group of its own, so that Ctrl-C reaches only the
demonstration, and writes into files, so that no pipe can fill and no thread
has to read one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self


_READY_S = 20.0
_POLL_S = 0.05
_TAIL_LINES = 10
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1_048_576


class DemoFailed(Exception):
    """The demonstration cannot go on; the text is for whoever watches it."""


class Child:
    """One process; make it by :class:`Children`."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._log = log
        self._output = log.with_suffix(".out")
        with log.open("wb") as errors, self._output.open("wb") as output:
            self._process = _start(command, output, errors)

    @property
    def rss_mb(self) -> float:
        """Resident memory in MB, or 0 when it is gone."""
        try:
            statm = Path(f"/proc/{self._process.pid}/statm").read_text("ascii")
        except OSError:
            return 0.0
        return int(statm.split()[1]) * _PAGE_MB

    def check(self) -> None:
        """
        Look whether it still runs.

        Raises:
            DemoFailed: It does not; with its last words.

        """
        status = self._process.poll()
        if status is not None:
            raise DemoFailed(
                f"the {self.name} ended early with status {status}:\n{self.last_words()}"
            )

    def last_words(self) -> str:
        """Return the last lines it wrote to stderr."""
        text = self._log.read_text("utf-8", errors="replace")
        lines = text.splitlines()[-_TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"

    def first_line(self, within_s: float = _READY_S) -> dict[str, str]:
        """
        Return the JSON object on the first line it prints.

        Raises:
            DemoFailed: It ended, or printed none in time.

        """
        deadline = time.monotonic() + within_s
        while True:
            line, end, _ = self._output.read_text("utf-8").partition("\n")
            if end:
                return self._addresses(line)
            self.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"the {self.name} was not ready in {within_s:g} s")
            time.sleep(_POLL_S)

    def _addresses(self, line: str) -> dict[str, str]:
        try:
            return {str(key): str(text) for key, text in json.loads(line).items()}
        except (ValueError, AttributeError) as error:
            raise DemoFailed(f"the {self.name} said {line[:80]!r}") from error

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def join(self, deadline: float) -> None:
        """Wait for its end until ``deadline`` (monotonic s), then kill it."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Children:
    """All processes of a demonstration, ended together when it is left."""

    def __init__(
        self, program: Sequence[str] | None = None, *, grace_s: float = 5.0
    ) -> None:
        """
        Start nothing yet.

        Args:
            program: Command that the arguments are appended to; by default
                this program, tied to the life of this process.
            grace_s: Seconds they have to end by themselves.

        """
        tethered = (sys.executable, "-m", "kiosk.demo.tether", str(os.getpid()))
        self._program = tuple(program or tethered)
        self._grace_s = grace_s
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, name: str, arguments: Sequence[str], log: Path) -> Child:
        """Start ``kiosk ARGUMENTS``; what it writes to stderr goes to ``log``."""
        child = Child(name, (*self._program, *arguments), log)
        self._children.append(child)
        return child

    def check(self) -> None:
        """
        Look whether all still run.

        Raises:
            DemoFailed: One does not.

        """
        for child in self._children:
            child.check()

    def close(self) -> None:
        """End them, the last one first, killing the stubborn; safe to repeat."""
        for child in reversed(self._children):
            child.terminate()
        deadline = time.monotonic() + self._grace_s
        while self._children:
            self._children[-1].join(deadline)
            self._children.pop()


def _start(
    command: Sequence[str], output: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 -- our own program, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        process_group=0,
    )
