"""
A wall clock of one process's own, which the stage sets; nothing else is different.

libfaketime is no instrument for this: under it ``clock_nanosleep``, by which Python
sleeps, fails with EINVAL, and timed waits by the monotonic clock return at once, so
that the threads of a Python process spin for its lock.  ``wall_clock.c`` tells the time
of day otherwise, and leaves every other clock and every wait to the kernel.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Final


_SOURCE: Final = Path(__file__).with_suffix(".c")


def wall_clock(file: Path) -> dict[str, str]:
    """
    Return what has a process believe the time of day that is set by a file.

    Args:
        file: See :func:`set_clock`; the library is built beside it.

    """
    library = file.with_suffix(".so")
    if not library.exists():
        set_clock(file, 0)
        options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
        command = ["cc", *options, "-o", str(library), str(_SOURCE)]
        subprocess.run(command, check=True, timeout=60)
    return {"LD_PRELOAD": str(library), "WALL_CLOCK": str(file)}


def set_clock(file: Path, ahead_s: int) -> None:
    """Let the clock be that far ahead of this machine's from now on, or behind."""
    with file.open("r+b" if file.exists() else "w+b", buffering=0) as clock:
        clock.write(struct.pack("=q", ahead_s))
