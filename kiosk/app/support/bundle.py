"""
Writes the parts of a support bundle into one archive, with a manifest of what is in it.

Nothing goes in but through the scrubber: neither a part, nor why one is missing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kiosk.app.doctor.examination import Surroundings
from kiosk.app.fleet_facts import serial_of
from kiosk.app.support.parts import JOURNALCTL, MOST_CHARS, Part, parts_of
from kiosk.app.support.scrubbing import Scrubber, known_secrets
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.disk import Disk


SCHEMA_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_OWNER_ONLY: Final = 0o600


def make_bundle(
    file: Path | None, out: Path | None, days: int
) -> tuple[Path, list[str]]:
    """
    Write the bundle of this machine.

    Args:
        file: Use only this configuration file.
        out: Where to; by default a name of serial and time, in this directory.
        days: Of the journal.

    """
    serial, now_s = serial_of() or "kiosk", MonotonicClock().wall_s()
    around = Surroundings()
    path = out or Path(f"kiosk-support-{_plain(serial)}-{_stamp(now_s)}.tar.gz")
    parts = parts_of(file, around, days, JOURNALCTL)
    scrubber = Scrubber(known_secrets(around.root))
    return path, write_bundle(path, parts, scrubber, serial, now_s)


def _plain(serial: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in serial)


def _stamp(now_s: float) -> str:
    return f"{datetime.fromtimestamp(now_s, UTC):%Y%m%dT%H%M%SZ}"


def write_bundle(
    out: Path, parts: Iterable[Part], scrubber: Scrubber, serial: str, now_s: float
) -> list[str]:
    """
    Write an archive (tar, gzip) that only its owner may read.

    Args:
        out: The file; what stood there is replaced.
        parts: What goes into it.
        scrubber: Takes the secrets out.
        serial: Of this kiosk.
        now_s: Wall time, in seconds since 1970.

    Returns:
        What could not be found, and why, one line each.

    """
    made = datetime.fromtimestamp(now_s, UTC)
    folder = f"kiosk-support-{_stamp(now_s)}"
    listed: list[dict[str, object]] = []
    missing: list[str] = []
    scratch = out.with_name(f"{out.name}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        open(os.open(scratch, flags, _OWNER_ONLY), "wb") as file,  # noqa: PTH123 -- of a descriptor
        tarfile.open(fileobj=file, mode="w:gz") as archive,
    ):
        for part in parts:
            text, why = _found(part, scrubber)
            entry = {"name": part.name, "what": part.what}
            if why:
                missing.append(f"{part.name}: {why}")
                listed.append({**entry, "missing": why})
                continue
            content = text.encode(errors="replace")
            _add(archive, f"{folder}/{part.name}", content, made)
            digest = hashlib.sha256(content).hexdigest()
            listed.append({**entry, "bytes": len(content), "sha256": digest})
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "made": made.isoformat(),
            "serial": serial,
            "parts": listed,
        }
        told = json.dumps(manifest, indent=1).encode()
        _add(archive, f"{folder}/{MANIFEST}", told, made)
    disk = Disk()  # of a stick, perhaps, which is pulled out as soon as we say so
    disk.sync(scratch)
    disk.rename(scratch, out)
    disk.sync(out.parent)
    return missing


def newest_of(text: str, most: int = MOST_CHARS) -> str:
    """Return the end of a text, from a line's beginning on: half a secret is one."""
    if len(text) <= most:
        return text
    return text[-most:].partition("\n")[2]


def _found(part: Part, scrubber: Scrubber) -> tuple[str, str]:
    """Return a part's text, or why there is none."""
    try:
        text = scrubber.clean(newest_of(part.find()))
    except Exception as error:  # noqa: BLE001 -- a part that fails costs no other
        words = str(error) or type(error).__name__
        return "", scrubber.clean(" ".join(words.split()))
    return text, "" if text.strip() else "nothing was found"


def _add(archive: tarfile.TarFile, name: str, content: bytes, made: datetime) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mtime = int(made.timestamp())
    entry.mode = 0o640
    archive.addfile(entry, io.BytesIO(content))
