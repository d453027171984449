"""
After a boot: is the running system the one to keep?

Called once a boot, as root, whatever else is broken.  A system on trial is kept as soon
as it is healthy, and taken back by a restart when it is not in time; the firmware does
the same for one that never came this far.  It does not matter who wrote the slot: what
another fleet engine delivered is judged the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from kiosk.health import Verdict
from kiosk.update.record import Record, Records, Stage
from kiosk.update.slots import Slots


class Settled(Enum):
    """What came of it."""

    NOTHING = "no system is on trial"
    COMMITTED = "the system on trial is healthy and was kept"
    TAKEN_BACK = "the system on trial is not healthy; the old one boots now"
    FELL_BACK = "the system on trial did not come up; this is the old one"


def settle(
    slots: Slots,
    records: Records,
    boot_id: str,
    wait: Callable[[Record], Verdict],
    restart: Callable[[], None],
) -> tuple[Settled, Record]:
    """
    Decide, and record it.

    Args:
        slots: Of the machine.
        records: Where it is kept how far an update came.
        boot_id: Of this boot.
        wait: Waits until the kiosk is healthy, or patience ends.
        restart: Restarts the machine; the record is on the medium by then.

    """
    record = records.read()
    if slots.running == slots.default:
        if record.stage is not Stage.TRIAL or record.boot_id == boot_id:
            return Settled.NOTHING, record
        why = "the new system did not come up, or power was lost before it was kept"
        return Settled.FELL_BACK, _fail(records, record, why)
    verdict = wait(record)
    if slots.running == slots.default:  # a person decided while it was waited for
        return Settled.NOTHING, records.read()
    if not verdict.is_healthy:
        failed = _fail(records, record, verdict.reason)
        restart()
        return Settled.TAKEN_BACK, failed
    slots.commit()
    kept = replace(
        record, stage=Stage.COMMITTED, slot=slots.running, reason=verdict.reason
    )
    records.keep(kept)
    return Settled.COMMITTED, kept


def _fail(records: Records, record: Record, reason: str) -> Record:
    failed = replace(
        record,
        stage=Stage.FAILED,
        reason=reason,
        failed=record.with_failure(record.id) if record.id else record.failed,
    )
    records.keep(failed)
    return failed
