"""What people and programs read of a machine's system and of its last update."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.errors import UpdateFailed, UpdateRefused
from kiosk.update.machine import slots_of, version_of
from kiosk.update.record import Records
from kiosk.update.slots import Slot


def update_facts(root: Path = Path("/")) -> dict[str, str]:
    """
    Return what runs and how the last update went; empty where there is none.

    Whoever may not read all of the slots' files is told the rest.
    """
    record = Records(root).read()
    return {
        "system": version_of(root),
        "running": _slot(lambda: slots_of(root).running),
        "default": _slot(lambda: slots_of(root).default),
        "update": record.stage.value,
        "version": record.version,
        "slot": record.slot,
        "reason": record.reason,
        "failed": " ".join(record.failed),
    }


def _slot(read: Callable[[], Slot]) -> str:
    try:
        return str(read())
    except (UpdateRefused, UpdateFailed, OSError):  # one system only, or not for us
        return ""
