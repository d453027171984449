"""
Where the sound of a machine is found: the library, and what the kernel shows.

The one place that imports pyalsaaudio.  Nothing here opens a card.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


_INPUTS = Path("/dev/input")
_SWITCH_BYTES = 8
_EVIOCGSW = 2 << 30 | _SWITCH_BYTES << 16 | ord("E") << 8 | 0x1B
"""``_IOC(_IOC_READ, 'E', 0x1b, 8)`` of linux/input.h, on Arm and x86."""

MISSING_CURE = "apt-get install python3-alsaaudio"


def _import_library() -> Any:
    return import_module("alsaaudio")


def _may_open(node: Path) -> bool:
    # one that is not there is no matter of permission: ALSA says what it is
    return not node.exists() or os.access(node, os.R_OK | os.W_OK)


def _switches(name: str) -> int:
    node = os.open(_INPUTS / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = fcntl.ioctl(node, _EVIOCGSW, bytes(_SWITCH_BYTES))
    finally:
        os.close(node)
    return int.from_bytes(state, sys.byteorder)


@dataclass(frozen=True, slots=True)
class SoundMachine:
    """
    One machine's sound, real or not.

    Attributes:
        load: Returns the module ``alsaaudio``; raises ImportError.
        sysfs: Where the kernel lists its cards.
        proc: Where it tells of their state, and of processes.
        nodes: The device nodes.
        may_open: Says whether this process may read and write a node.
        switches: Returns the switches of an input device, a bit each; raises
            OSError.

    """

    load: Callable[[], Any] = _import_library
    sysfs: Path = Path("/sys/class/sound")
    proc: Path = Path("/proc")
    nodes: Path = Path("/dev/snd")
    may_open: Callable[[Path], bool] = _may_open
    switches: Callable[[str], int] = _switches
