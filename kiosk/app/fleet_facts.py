"""
What this device is and how it fares, for the report to the operators.

Reads the operating system and the daemon's status; sends nothing.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kiosk import ports
from kiosk.config.schema import KioskConfig
from kiosk.daemon.call_facts import facts_of
from kiosk.daemon.door import OPEN_CODE
from kiosk.daemon.loop import Daemon
from kiosk.daemon.reporter import Reporter
from kiosk.ports.fleet import FleetService
from kiosk.provision.identity import identity_of
from kiosk.room.fleet_report import CallRecord, FleetReport


_CODE = re.compile(r"[A-Z][0-9]{3}\b")
_UNPRINTABLE = re.compile(r"[^ -~]")
_LONGEST_TEXT, _LARGEST = 64, 10**9  # what the server takes


def serial_of() -> str:
    """Return what names this device for good."""
    return identity_of().serial


def installed_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("kiosk")
    except PackageNotFoundError:
        return "unpackaged"


class FleetFacts:
    """
    Makes reports.

    Args:
        serial: Names the device.
        period_s: Told to the server.
        clock: Its wall time is reported.
        status: What the daemon says of itself.
        last_call: The facts of its last call; empty before.
        storage: Whose free space is reported.
        name: What people call the device.
        branch: Where it stands.

    """

    def __init__(
        self,
        serial: str,
        period_s: int,
        *,
        clock: ports.Clock,
        status: Callable[[], Mapping[str, Any]],
        last_call: Callable[[], Mapping[str, object]],
        storage: Path = Path("/"),
        name: str = "",
        branch: str = "",
    ) -> None:
        self._serial = serial
        self._period_s = period_s
        self._clock = clock
        self._status = status
        self._last_call = last_call
        self._storage = storage
        self._names = name, branch
        self._version = installed_version()

    def __call__(self) -> FleetReport:
        """Return the report of this moment."""
        status = self._status()
        return FleetReport(
            serial=self._serial,
            version=self._version,
            state=str(status["state"]),
            health=_health(status),
            unix_ms=int(self._clock.wall_s() * 1000),
            free_bytes=shutil.disk_usage(self._storage).free,
            period_s=self._period_s,
            last_call=_record(self._last_call()),
            name=self._names[0],
            branch=self._names[1],
        )


def _health(status: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes in force: of the screen, of each fault, of an open door."""
    reasons = [status["reason"], *(each["reason"] for each in status["faults"])]
    codes = [code[0] for reason in reasons if (code := _CODE.match(str(reason)))]
    if status["door_open"]:
        codes.append(OPEN_CODE)
    return tuple(dict.fromkeys(codes))


def _record(facts: Mapping[str, object]) -> CallRecord:
    return {
        name: max(-_LARGEST, min(value, _LARGEST))
        if isinstance(value, int)
        else _UNPRINTABLE.sub("?", str(value))[:_LONGEST_TEXT]
        for name, value in facts.items()
    }


def reporter_of(
    config: KioskConfig, clock: ports.Clock, daemon: Daemon, room: FleetService
) -> Reporter | None:
    """Make what reports to the operators; None where nothing is to be reported."""
    fleet = config.fleet
    if not fleet.report_s:
        return None
    facts = FleetFacts(
        fleet.serial or serial_of(),
        fleet.report_s,
        clock=clock,
        status=daemon.status,
        last_call=lambda: facts_of(daemon.last_call) if daemon.last_call else {},
        name=config.kiosk.name,
        branch=config.kiosk.branch or "",
    )
    return Reporter(room, facts, fleet.report_s, secrets.SystemRandom().random)
