"""
The operator's file of enrolment keys: which device was given which.

The room server keeps only hashes, so a key that is not written down here is gone; and
a device that is rendered again must get the key it has.  Keys belong to serial
numbers: the device that takes another's place gets a fresh one, which ends the old
one's, and who is retired is struck off.

The file is a secret (0600) of the operator's desk; it comes onto no kiosk.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, cast

from kiosk.disk import Disk, put
from kiosk.errors import ConfigError
from kiosk.fleet.inventory import Device


Issued: TypeAlias = Mapping[str, "IssuedKey"]
"""By serial number."""

Enrol: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]
"""Gives userIDs fresh keys at the room server; returns them by userID."""

_TABLE: Final = "device"
_MODE: Final = 0o600
_SERIAL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY: Final = ("room", "enrolment_key")
_HEAD: Final = """\
# Keys that `kiosk fleet render --keys` gave to devices. A secret: for its owner alone.

"""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """Whose a key is, and the key."""

    user_id: str
    key: str = field(repr=False)


def read_issued(path: Path) -> Issued:
    """
    Read the file; one that is not there has no keys.

    Raises:
        ConfigError: It makes no sense, or others may read it.
        OSError: It cannot be read.

    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    if path.stat().st_mode & 0o077:
        raise ConfigError((f"{path}: others may read these keys: chmod 600 {path}",))
    try:
        return dict(_entries(tomllib.loads(content.decode())))
    except ValueError as error:
        raise ConfigError((f"{path}: is no file of keys: {error}",)) from None


def write_issued(path: Path, issued: Issued, disk: Disk | None = None) -> None:
    """Write the file: the old or the new at any moment, the new once this returns."""
    lines = [_HEAD]
    for serial, one in sorted(issued.items()):
        lines.append(f"[{_TABLE}.{serial}]\nuser_id = {json.dumps(one.user_id)}\n")
        lines.append(f"enrolment_key = {json.dumps(one.key)}\n\n")
    put(disk or Disk(), path, "".join(lines).encode(), _MODE)


def issue(devices: Sequence[Device], issued: Issued, enrol: Enrol) -> Issued:
    """
    Return every device's key: the one it has, or a fresh one.

    Args:
        devices: Those in service; the keys of others are left out.
        issued: What was given before.
        enrol: Called once, and only if somebody needs a key.

    """
    names = {
        device.serial: device.user_id
        for device in devices
        if device.user_id and _KEY[1] not in device.secrets.get(_KEY[0], {})
    }
    kept = {
        serial: one
        for serial, one in issued.items()
        if names.get(serial) == one.user_id
    }
    wanting = {serial: name for serial, name in names.items() if serial not in kept}
    fresh: Mapping[str, str] = enrol(list(wanting.values())) if wanting else {}
    new = {serial: IssuedKey(name, fresh[name]) for serial, name in wanting.items()}
    return {**kept, **new}


def with_keys(
    devices: Sequence[Device], issued: Issued
) -> dict[str, dict[str, dict[str, str]]]:
    """Return each device's secrets, with the key that was issued to it."""
    secrets: dict[str, dict[str, dict[str, str]]] = {}
    for device in devices:
        own = {section: dict(keys) for section, keys in device.secrets.items()}
        if device.serial in issued:
            own.setdefault(_KEY[0], {})[_KEY[1]] = issued[device.serial].key
        if own:
            secrets[device.serial] = own
    return secrets


def _entries(table: Mapping[str, object]) -> Iterator[tuple[str, IssuedKey]]:
    devices = table.get(_TABLE, {})
    if not isinstance(devices, dict) or table.keys() - {_TABLE}:
        raise ValueError(f"it must be sections [{_TABLE}.SERIAL]")
    for serial, entry in cast("dict[str, object]", devices).items():
        one = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        user_id, key = one.get("user_id"), one.get("enrolment_key")
        is_whole = isinstance(user_id, str) and isinstance(key, str) and len(one) == 2  # noqa: PLR2004 -- these two
        if not is_whole or not _SERIAL.fullmatch(serial):
            raise ValueError(
                f"[{_TABLE}.{serial[:64]}] needs user_id and enrolment_key"
            )
        yield serial, IssuedKey(str(user_id), str(key))
