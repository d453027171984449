"""
The records of the last calls: a few in memory, more in a directory.

A file a call, whole and on the medium before the next is written.  A directory that is missing, full or
read-only costs its files and one warning, never a call.  Times of files do not
count: a kiosk's clock may be wrong, so the number in the name gives the order.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from kiosk.call.record_bounds import IN_MEMORY, LARGEST_BYTES
from kiosk.config.schema import CallsSection
from kiosk.disk import Disk, put
from kiosk.journal.redaction import redact
from kiosk.ports.call_record import CallRecord


log = logging.getLogger(__name__)

_NAME = re.compile(r"call-([0-9]{8})\.json")
_OWNER_AND_GROUP = 0o640


def archive_of(section: CallsSection, environment: Mapping[str, str]) -> FileArchive:
    """
    Return the archive of a kiosk, with what an earlier one left.

    Args:
        section: What the kiosk is told.
        environment: Of the process: systemd names a directory there.

    """
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    directory = Path(given) / "calls" if given else None
    if section.directory:
        directory = Path(section.directory)
    archive = FileArchive(directory, section.keep)
    archive.load()
    return archive


class FileArchive:
    """
    Implements :class:`kiosk.ports.call_record.CallArchive`.

    Args:
        directory: Where the files are; None: records are in memory only.
        most: How many files there may be; the oldest go.
        disk: Takes the steps of writing.

    """

    def __init__(
        self, directory: Path | None, most: int = 100, disk: Disk | None = None
    ) -> None:
        self._disk = disk or Disk()
        self._directory = directory if most else None
        self._most = most
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._newest: deque[Mapping[str, Any]] = deque(maxlen=IN_MEMORY)
        self._has_failed = False

    def load(self) -> None:
        """Take up what an earlier kiosk left; files that make no sense are passed."""
        if self._directory is None:
            return
        for _, path in self._files()[-IN_MEMORY:]:
            record = _read(path)
            if record is None:
                log.warning("call record makes no sense", extra={"file": path.name})
            else:
                self._newest.append(record)

    def keep(self, record: CallRecord) -> None:
        """Take a record, in memory at once; waits for the disk, never fails."""
        wire: dict[str, Any] = _redacted(asdict(record))
        with self._lock:
            self._newest.append(wire)
        if self._directory is None:
            return
        with self._writing:
            try:
                self._write(self._directory, wire)
            except OSError as error:
                self._tell_once(error)
            else:
                self._has_failed = False

    def newest(self) -> Sequence[Mapping[str, Any]]:
        """Return records as JSON has them, the newest first."""
        with self._lock:
            return tuple(reversed(self._newest))

    def _write(self, directory: Path, wire: Mapping[str, Any]) -> None:
        directory.mkdir(0o750, parents=True, exist_ok=True)
        files = self._files()
        number = files[-1][0] + 1 if files else 1
        path = directory / f"call-{number:08}.json"
        # On the medium at once: a new name has no old content to keep, and a power cut
        # left nothing but empty files of the last calls.
        put(self._disk, path, json.dumps(wire, indent=1).encode(), _OWNER_AND_GROUP)
        too_many = max(0, len(files) + 1 - self._most)
        for _, old in files[:too_many]:
            with contextlib.suppress(FileNotFoundError):
                old.unlink()

    def _tell_once(self, error: OSError) -> None:
        if not self._has_failed:
            reason = f"{error}; see [calls] directory"
            log.warning(
                "call record not written", extra={"code": "K004", "reason": reason}
            )
        self._has_failed = True

    def _files(self) -> list[tuple[int, Path]]:
        assert self._directory is not None
        try:
            paths = list(self._directory.iterdir())
        except OSError:
            return []
        names = [(_NAME.fullmatch(path.name), path) for path in paths]
        return sorted((int(name[1]), path) for name, path in names if name)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            record: object = json.loads(file.read(LARGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or "call" not in record:
        return None
    return cast("dict[str, Any]", record)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: _redacted(item) for key, item in items}
    if isinstance(value, tuple):
        return [_redacted(part) for part in cast("Sequence[object]", value)]
    return value
