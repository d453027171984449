"""The contract suites on synthetic devices, run on the host while the guest boots."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.appliance.table import Counts, counted, failures


ROOT = Path(__file__).parents[2]
PORTS = ("display", "buttons", "indicators", "microphone", "speaker", "camera")
"""Whose tests are below ``tests/ports``."""
_REAL = "real or gpio_sim or uinput or loopback or picamera2-virtual or vivid"
"""What is skipped on a machine without these drivers."""
_LONGEST_S = 600.0


class HostSuites:
    """
    One file of tests after the other, on the core that the guest leaves free.

    Args:
        ports: Some of :data:`PORTS`.
        folder: For the reports.

    """

    def __init__(self, ports: Sequence[str], folder: Path) -> None:
        self._pool = ThreadPoolExecutor(1, "host-suites")
        self._answers = {port: self._pool.submit(_run, port, folder) for port in ports}

    def of(self, port: str) -> tuple[Counts, str]:
        """Return counts, and what a person wants to read of failures; waits for it."""
        return self._answers[port].result(_LONGEST_S)

    def close(self) -> None:
        """Begin no other file, and wait for the one that runs."""
        self._pool.shutdown(cancel_futures=True)


def _run(port: str, folder: Path) -> tuple[Counts, str]:
    report = folder / f"{port}.xml"
    # Behind the guest, which has deadlines.
    command = ["nice", "-n", "10", sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(
        [
            *(*command, "-k", f"not ({_REAL})", f"--junitxml={report}"),
            f"tests/ports/test_{port}.py",
        ],
        cwd=ROOT,
        env={name: v for name, v in os.environ.items() if name != "APPLIANCE_DISK"},
        check=False,
        capture_output=True,
        text=True,
    )
    if not report.exists():
        return Counts(failed=1), done.stdout[-3000:] + done.stderr[-2000:]
    junit = report.read_text(encoding="utf-8")
    return counted(junit), "\n\n".join(failures(junit))
