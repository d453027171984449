"""
What everybody on this machine may know of provisioning: no secret, no file of it.

The state itself is root's; this summary in ``/run`` is for the technician's commands
and for the daemon, which shows the serial number.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final, cast

from kiosk.disk import Disk, content_of, make_directories, put
from kiosk.errors import words_of
from kiosk.provision.identity import NOTED, identity_of
from kiosk.provision.outcome import Verdict
from kiosk.provision.record import Record


SUMMARY: Final = "run/kiosk-provision/status.json"
_EVERYBODY = 0o644
_MAX_BYTES = 1 << 16
_TOLD: Final = {
    *("serial", "source", "bundle", "since", "is_on_trial"),
    *("previous", "last_good", "given_up"),
}

log = logging.getLogger(__name__)


def announce(disk: Disk, root: Path, record: Record) -> None:
    """Write the summary; where that fails, it is one warning."""
    identity = identity_of(root)
    given_up = {
        bundle: {"at": seen.at, "reason": seen.reason}
        for bundle, seen in record.seen.items()
        if seen.verdict == Verdict.GIVEN_UP.value
    }
    since = record.seen.get(record.current)
    told = {
        "schema_version": 1,
        "serial": identity.serial,
        "source": identity.source,
        "bundle": record.current,
        "since": since.at if since else "",
        "is_on_trial": bool(record.trial),
        "previous": record.previous,
        "last_good": record.last_good,
        "given_up": given_up,
    }
    try:
        path = root / SUMMARY
        make_directories(disk, path.parent)
        put(disk, path, json.dumps(told, indent=1).encode(), _EVERYBODY)
        put(disk, root / NOTED, identity.serial.encode(), _EVERYBODY)
    except OSError as error:
        log.warning("summary not written", extra={"reason": words_of(error)})


def summary(root: Path = Path("/")) -> dict[str, Any] | None:
    """
    Return the summary.

    None where nothing was ever provisioned or looked for, or the file is not ours.
    """
    try:
        found: object = json.loads(content_of(root / SUMMARY, _MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    told = cast("dict[str, Any]", found)
    return told if told.keys() >= _TOLD else None


def described(told: dict[str, Any]) -> str:
    """Return the summary for people."""
    lines = [
        f"device     {told['serial']} ({told['source']})",
        f"in force   {told['bundle'] or 'nothing: no bundle was applied'}",
    ]
    if told["bundle"]:
        state = "being tried" if told["is_on_trial"] else "found healthy"
        lines.append(f"           {state}, {told['since']}")
    lines += [
        f"{name:<10} {told[key]}"
        for name, key in (("before", "previous"), ("last good", "last_good"))
        if told[key]
    ]
    lines += [
        f"given up   {bundle}, {seen['at']}: {seen['reason']}"
        for bundle, seen in told["given_up"].items()
    ]
    return "\n".join(lines)
