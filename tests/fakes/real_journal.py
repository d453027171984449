"""systemd-journald itself, with nothing but this test's lines in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest


JOURNALD = "/lib/systemd/systemd-journald"
_FILES = "/run /var/log"
_SCRIPT = f"""
for at in {_FILES}; do mount -t tmpfs tmpfs $at; done
mkdir -p /run/systemd/journal /run/log/journal /run/kiosk
exec {JOURNALD}
"""

needs_journald = pytest.mark.skipif(
    os.geteuid() != 0 or not os.access(JOURNALD, os.X_OK),
    reason="needs root and systemd-journald: a journal of its own",
)


class RealJournal:
    """A journal in a mount namespace; ``run`` runs commands within."""

    def __init__(self, pid: int) -> None:
        self._enter = ["nsenter", f"--target={pid}", "--mount", "--root", "--"]

    def run(
        self, command: Sequence[str], **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._enter, *command],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environ},
        )

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._enter, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def entries(self, *matches: str) -> list[dict[str, Any]]:
        """Return what the journal has, the newest last."""
        self.run(["journalctl", "--sync"])
        told = self.run(["journalctl", "--output=json", "--all", *matches])
        return [json.loads(line) for line in told.stdout.splitlines()]


@contextlib.contextmanager
def real_journal() -> Iterator[RealJournal]:
    unshare = shutil.which("unshare")
    assert unshare is not None
    journald = subprocess.Popen(
        [unshare, "--mount", "sh", "-ec", _SCRIPT],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        journal = RealJournal(journald.pid)
        ends = time.monotonic() + 10
        there = ["test", "-S", "/run/systemd/journal/stdout"]
        while journal.run(there).returncode:
            assert time.monotonic() < ends, "journald did not start"
            time.sleep(0.05)
        yield journal
    finally:
        journald.terminate()
        journald.wait(10)
