"""What the failure ladder remembers: how often the kiosk failed, and what was done."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kiosk.app.doctor.check import Check, failure, good, warning
from kiosk.app.ladder import RECORD, read_record
from kiosk.ladder.record import Record
from kiosk.ladder.rungs import MOST_REBOOTS, Rung


_WHAT: Final = "failures"
_LOG: Final = "`journalctl -t kiosk-ladder -u kiosk -p warning` says why"


def look_at_failures(root: Path) -> Check:
    """Look which rung the ladder is on, and why."""
    record = read_record(root / RECORD)
    if record.is_damaged:
        cure = f"`rm /{RECORD}`: until then no reboot is tried"
        return warning(_WHAT, "their history cannot be read", cure)
    if record.history.is_clean:
        return good(_WHAT, "none that is remembered")
    evidence = _evidence(record)
    if record.rung is Rung.STAY and len(record.history.reboots) >= MOST_REBOOTS:
        cure = f"mend the cause, `rm /{RECORD}`, `systemctl start kiosk`; {_LOG}"
        return failure(_WHAT, f"{evidence}; no further reboot", cure)
    if record.rung in {Rung.SAFE_SCREEN, Rung.STAY}:
        return failure(_WHAT, evidence, f"mend the cause, the kiosk returns; {_LOG}")
    return warning(_WHAT, evidence, _LOG)


def _evidence(record: Record) -> str:
    failures, reboots = record.history.failures, record.history.reboots
    rung = "" if record.rung is None else f": {record.rung.value}"
    return (
        f"{len(failures)} in ten minutes of service, {len(reboots)} reboots in an hour "
        f"of it; the last {record.code} ({record.why}){rung}"
    )
