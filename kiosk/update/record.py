"""
What is known of the last update, across reboots, power cuts and slots.

One small file, replaced whole.  The directory is shared by both slots, or the system on
trial would not know that it is.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast

from kiosk.disk import Disk, alone_in, make_directories, put
from kiosk.errors import UpdateRefused


DIRECTORY: Final = Path("var/lib/kiosk-update")

_LARGEST: Final = 1 << 16
_MOST_FAILED: Final = 32
_FILE_MODE: Final = 0o644  # nothing in it is secret, and technicians read it


class Stage(Enum):
    """Where an update is."""

    NONE = "none"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    WRITING = "writing"
    WRITTEN = "written"
    """Waits for the restart that tries it."""
    TRIAL = "trial"
    COMMITTED = "committed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Record:
    """
    The last update, and those that failed here.

    Attributes:
        stage: Where it is.
        id: Of its manifest.
        version: Of its system.
        slot: Where it is written.
        boot_id: Of the kernel under which the trial was set.
        had_network: Whether the room service answered before the trial.
        reason: Why it failed.
        failed: Ids that are not tried again without a person.
        seen: When the newest update was made that was offered here, ISO 8601.

    """

    stage: Stage = Stage.NONE
    id: str = ""
    version: str = ""
    slot: str = ""
    boot_id: str = ""
    had_network: bool = False
    reason: str = ""
    failed: tuple[str, ...] = ()
    seen: str = ""

    def with_failure(self, id_: str) -> tuple[str, ...]:
        """Return the failed ids with one more, the newest last."""
        others = [known for known in self.failed if known != id_]
        return (*others, id_)[-_MOST_FAILED:]


class Records:
    """
    The file.

    Args:
        root: Below which it is.
        disk: Takes the steps of writing.

    """

    def __init__(self, root: Path = Path("/"), disk: Disk | None = None) -> None:
        self.directory = root / DIRECTORY
        self._path = self.directory / "record.json"
        self._disk = disk or Disk()

    def read(self) -> Record:
        """Return what was kept last; what makes no sense is nothing."""
        try:
            with self._path.open("rb") as file:
                found: object = json.loads(file.read(_LARGEST))
            return _record(found)
        except (OSError, ValueError, TypeError, RecursionError):
            return Record()

    def keep(self, record: Record) -> None:
        """
        Bring a record to the medium.

        Raises:
            OSError: It cannot be written.

        """
        make_directories(self._disk, self.directory)
        content = json.dumps({**asdict(record), "stage": record.stage.value})
        put(self._disk, self._path, content.encode("ascii"), _FILE_MODE)

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """
        Keep every other updater of this machine out.

        Raises:
            UpdateRefused: One is at work.

        """
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(alone_in(self._disk, self.directory, waits=False))
            except BlockingIOError:
                raise UpdateRefused("another update is at work; wait for it") from None
            yield


def _record(found: object) -> Record:
    if not isinstance(found, dict):
        raise TypeError("no object")
    table = cast("dict[str, Any]", found)
    return Record(
        stage=Stage(table.get("stage")),
        id=str(table.get("id", "")),
        version=str(table.get("version", "")),
        slot=str(table.get("slot", "")),
        boot_id=str(table.get("boot_id", "")),
        had_network=bool(table.get("had_network")),
        reason=str(table.get("reason", "")),
        failed=tuple(map(str, table.get("failed", ()))),
        seen=_time(table.get("seen")),
    )


def _time(found: object) -> str:
    return (
        datetime.fromisoformat(found).isoformat()
        if isinstance(found, str) and found
        else ""
    )
