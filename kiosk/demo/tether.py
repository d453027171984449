"""
Turns into ``python -m kiosk ...``, tied to the life of the process that started it.

``python -m kiosk.demo.tether PARENT_PID ARGUMENT ...``: the kernel kills this
process when its parent dies, however that dies, and keeps that over ``exec``.
A step of its own instead of code between fork and exec, which may deadlock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence


_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tether(
    arguments: Sequence[str],
    become: Callable[[str, list[str]], object] = os.execv,
) -> int:
    """
    Tie this process to its parent, then become the program.

    Args:
        arguments: The parent's process number, then the program's arguments.
        become: Replaces this process; returns only in a test.

    Returns:
        The exit status when the parent is gone already.

    """
    parent, *rest = arguments
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before we were tied to it
        return os.EX_UNAVAILABLE
    become(sys.executable, [sys.executable, "-m", "kiosk", *rest])
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(tether(sys.argv[1:]))
