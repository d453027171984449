"""
What the unit runs at each start of the machine: the log, and provisioning's own start.

Imports next to nothing: the kiosk waits for it with a dark screen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.disk import Disk
from kiosk.journal.set_up import set_up_log
from kiosk.provision.machine import NoMachine, ThisMachine
from kiosk.provision.start import Whole, start


IDENTIFIER: Final = "kiosk-provision"
"""Of its lines in the journal."""


def start_on(root: Path, whole: Callable[[], Whole]) -> bool:
    """
    Do what a start of the machine needs.

    Args:
        root: Below which everything is.
        whole: Returns the rest of provisioning.

    """
    set_up_log("info", "text", IDENTIFIER)
    is_here = root == Path("/")
    machine = ThisMachine(lambda: False) if is_here else NoMachine()
    return start(root, Disk(), machine, whole)
