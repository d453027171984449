"""The doctor's line about system updates: what runs, and how the last one went."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kiosk.app.doctor.check import Check, good, warning
from kiosk.errors import KioskError
from kiosk.update.machine import slots_of, version_of
from kiosk.update.record import Records, Stage


def look_at_updates(root: Path) -> Iterator[Check]:
    """Look at a device with two slots; of others there is nothing to say."""
    record = Records(root).read()
    try:
        slots = slots_of(root)
        running, default = slots.running, slots.default
    except (KioskError, OSError) as error:
        if record.stage is not Stage.NONE:
            cure = "look at /bootfs; flash this device anew if it stays"
            yield warning("system update", str(error), cure)
        return
    told = f"version {version_of(root) or 'unknown'} in slot {running}"
    if running != default:
        cure = (
            "it is kept once the kiosk is healthy; `kiosk update commit` keeps it now"
        )
        yield warning("system update", f"{told}, on trial", cure)
    elif record.stage is Stage.FAILED:
        cure = "tell the operator; `kiosk update apply` by hand tries it again"
        failed = f"{record.version or record.id} failed: {record.reason}"
        yield warning("system update", f"{told}; {failed}", cure)
    elif record.stage is Stage.WRITTEN:
        waits = f"{record.version} waits for its restart"
        yield good("system update", f"{told}; {waits}")
    else:
        yield good("system update", told)
