"""
Faults that only come from within a process; Python loads this first, by its name.

``SIGUSR1`` hangs in C with the GIL held, ``SIGUSR2`` spins in the event loop's thread:
both without an end.  The signal ``SIGRTMIN`` writes which thread has which number to
``$FAULT_THREADS``, so that one of them can be stopped from outside.  Where
``$FAULT_DEVICES`` is a folder, devices of :mod:`stand_ins` are in place.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType


_FOREVER_S = 3600
_ROOT = Path(__file__).parents[3]


def _hang(_number: int, _frame: FrameType | None) -> None:
    ctypes.PyDLL(None).sleep(_FOREVER_S)


def _spin(_number: int, _frame: FrameType | None) -> None:
    while True:
        pass


def _tell_threads(_number: int, _frame: FrameType | None) -> None:
    threads = {one.name: one.native_id for one in threading.enumerate()}
    file = Path(os.environ["FAULT_THREADS"])
    new = file.with_suffix(".new")
    new.write_text(json.dumps(threads), encoding="utf-8")
    new.replace(file)


signal.signal(signal.SIGUSR1, _hang)
signal.signal(signal.SIGUSR2, _spin)
signal.signal(signal.SIGRTMIN, _tell_threads)

if "FAULT_DEVICES" in os.environ and "kiosk" in sys.orig_argv:
    sys.path.insert(0, str(_ROOT))
    from importlib import import_module

    import_module("stand_ins").stand_in(os.environ["FAULT_DEVICES"])
