"""
The kiosks that report, and which of them fell silent.

A bounded table in memory: after a restart it fills again within a period.  The
processes of one server tell each other what they hear.  A
kiosk is silent three periods and a little after its last report; that is logged
once, and its coming back too.  Who reports a serial is shown, not bound: a kiosk
may get a new userID with every login.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Final

from kiosk.room.codes import RoomCode
from kiosk.room.fields import Fields
from kiosk.room.fleet_report import FleetReport
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import DONE, Caller, Refused, ServerClock
from kiosk.roomserver.pace import Pace
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


log = logging.getLogger(__name__)

_PERIODS_OF_PATIENCE: Final = 3
_GRACE_S: Final = 5.0
_REPORTS_PER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class FleetLimits:
    """
    What the table holds.

    Attributes:
        kiosks: In all; above it, one that is silent makes room.
        kiosks_per_user: Serials one login may report.
        forget_s: Silence after which a kiosk is no longer shown.

    """

    kiosks: int = 4096
    kiosks_per_user: int = 8
    forget_s: float = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Kiosk:
    """
    One kiosk as it was last heard.

    Attributes:
        report: What it said.
        user_id: The login it said it with; empty in the dialect without.
        address: Where it was said from.
        heard_at: Monotonic seconds.
        clock_offset_s: Its wall clock minus ours.

    """

    report: FleetReport
    user_id: str
    address: str
    heard_at: float
    clock_offset_s: float

    def silent_s(self, now: float) -> float:
        """Return how long ago it was heard."""
        return now - self.heard_at

    def is_silent(self, now: float) -> bool:
        """Say whether it should have been heard again long ago."""
        patience = self.report.period_s * _PERIODS_OF_PATIENCE + _GRACE_S
        return self.silent_s(now) > patience


class Fleet:
    """All kiosks that report to this server."""

    def __init__(
        self,
        clock: ServerClock,
        limits: FleetLimits | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._clock = clock
        self._ledger = ledger or ForgetfulLedger()
        self._limits = limits or FleetLimits()
        self._kiosks: dict[str, Kiosk] = {}
        self._alarmed: set[str] = set()
        self._pace = Pace(_REPORTS_PER_S, self._limits.kiosks)
        self._per_user: Counter[str] = Counter()

    def report(self, caller: Caller, body: Wire) -> Wire:
        """
        Answer ``kiosk/report``.

        Raises:
            BadRequest: A field is missing or wrong.
            Refused: Too often, or there is no room for one more.

        """
        report = FleetReport.from_wire(body)
        now = self._clock.monotonic()
        if not self._pace.allows(f"{caller.user_id}/{report.serial}", now):
            raise Refused(RoomCode.SERVER_ERROR)
        known = self._kiosks.get(report.serial)
        if known is None or known.user_id != caller.user_id:
            self._make_room(report.serial, caller.user_id, now)
        offset = report.unix_ms / 1e3 - self._clock.unix()
        self._keep(Kiosk(report, caller.user_id, caller.address, now, offset))
        fact: Wire = {
            "report": report.to_wire(),
            "user": caller.user_id,
            "address": caller.address,
            "offsetMs": round(offset * 1e3),
        }
        self._ledger.note(Shelf.REPORT, report.serial, fact)
        return DONE

    def take_in(self, fact: Wire) -> None:
        """Keep a report that another process heard just now."""
        fields = Fields(fact)
        self._keep(
            Kiosk(
                FleetReport.from_wire(fields.mapping("report")),
                fields.text("user"),
                fields.text("address"),
                self._clock.monotonic(),
                fields.number("offsetMs") / 1e3,
            )
        )

    def kiosks(self) -> tuple[Kiosk, ...]:
        """Return all kiosks by serial."""
        return tuple(self._kiosks[serial] for serial in sorted(self._kiosks))

    def now(self) -> float:
        """Return the time silence is counted in."""
        return self._clock.monotonic()

    def sweep(self) -> None:
        """Raise the alarm for who fell silent; forget who is long gone."""
        now = self._clock.monotonic()
        for serial, kiosk in tuple(self._kiosks.items()):
            if kiosk.silent_s(now) > self._limits.forget_s:
                self._forget(serial)
                self._alarmed.discard(serial)
            elif kiosk.is_silent(now) and serial not in self._alarmed:
                self._alarmed.add(serial)
                silent_s = round(kiosk.silent_s(now))
                log.warning(
                    "kiosk silent", extra={"serial": serial, "silent_s": silent_s}
                )

    def _keep(self, kiosk: Kiosk) -> None:
        serial = kiosk.report.serial
        self._forget(serial)
        self._kiosks[serial] = kiosk
        self._per_user[kiosk.user_id] += 1
        if serial in self._alarmed:
            self._alarmed.discard(serial)
            log.info("kiosk back", extra={"serial": serial})

    def _make_room(self, serial: str, user_id: str, now: float) -> None:
        too_many = self._per_user[user_id] >= self._limits.kiosks_per_user
        if user_id and too_many:
            raise Refused(RoomCode.SERVER_ERROR)
        if serial in self._kiosks or len(self._kiosks) < self._limits.kiosks:
            return
        # Insertion order is the order of reports: the first is silent longest.
        oldest = next(iter(self._kiosks))
        if not self._kiosks[oldest].is_silent(now):
            raise Refused(RoomCode.SERVER_ERROR)
        self._forget(oldest)
        self._alarmed.discard(oldest)

    def _forget(self, serial: str) -> None:
        kiosk = self._kiosks.pop(serial, None)
        if kiosk is not None:
            self._per_user[kiosk.user_id] -= 1
            if not self._per_user[kiosk.user_id]:
                del self._per_user[kiosk.user_id]
