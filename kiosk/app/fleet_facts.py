"""
What this device is and how it fares, for the report to the operators.

Reads the operating system and the daemon's status; sends nothing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from kiosk import ports
from kiosk.room.fleet_report import CallRecord, FleetReport


_BOARD: Final = Path("/sys/firmware/devicetree/base/serial-number")
_MACHINE: Final = Path("/etc/machine-id")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE = re.compile(r"[A-Z][0-9]{3}\b")
_UNPRINTABLE = re.compile(r"[^ -~]")
_LONGEST_TEXT, _LARGEST = 64, 10**9  # what the server takes


def serial_of(board: Path = _BOARD, machine: Path = _MACHINE) -> str:
    """
    Return what names this device for good.

    The board's number where there is one; else a digest of the machine-id, which
    itself should not leave the machine (machine-id(5)).
    """
    number = _text(board).rstrip("\0")
    if _ID.fullmatch(number):
        return number
    digest = hashlib.sha256(b"kiosk " + _text(machine).encode()).hexdigest()
    return f"machine-{digest[:16]}"


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
    ) -> None:
        self._serial = serial
        self._period_s = period_s
        self._clock = clock
        self._status = status
        self._last_call = last_call
        self._storage = storage
        self._version = installed_version()

    def __call__(self) -> FleetReport:
        """Return the report of this moment."""
        status = self._status()
        code = _CODE.match(str(status["reason"]))
        return FleetReport(
            serial=self._serial,
            version=self._version,
            state=str(status["state"]),
            health=(code[0],) if code else (),
            unix_ms=int(self._clock.wall_s() * 1000),
            free_bytes=shutil.disk_usage(self._storage).free,
            period_s=self._period_s,
            last_call=_record(self._last_call()),
        )


def _record(facts: Mapping[str, object]) -> CallRecord:
    return {
        name: max(-_LARGEST, min(value, _LARGEST))
        if isinstance(value, int)
        else _UNPRINTABLE.sub("?", str(value))[:_LONGEST_TEXT]
        for name, value in facts.items()
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
