"""
The call a kiosk is in, as a small file in the directory of its unit's run.

The directory is in memory and lives as long as the unit, over restarts
(``RuntimeDirectoryPreserve=restart``), and no longer than the machine is up: as long as
CLOCK_MONOTONIC.  Without such a directory a crash simply ends the call.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

from kiosk.errors import words_of
from kiosk.ports import Micros
from kiosk.ports.held_call import HeldCall


NAME: Final = "held-call.json"
_LARGEST_BYTES = 4096
_OWNER_ONLY = 0o600

log = logging.getLogger(__name__)


def memory_of(environment: Mapping[str, str]) -> FileMemory:
    """Return the memory of a process; systemd names its directory there."""
    given = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return FileMemory(Path(given) / NAME if given else None)


class FileMemory:
    """
    Implements :class:`kiosk.ports.held_call.CallMemory`.

    Args:
        path: Of the file; None remembers nothing.

    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._has_failed = False

    def keep(self, call: HeldCall) -> None:
        """Write the file anew, whole; one that cannot be written is one warning."""
        if self._path is None:
            return
        scratch = self._path.with_suffix(".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(scratch, flags, _OWNER_ONLY), "w") as file:  # noqa: PTH123 -- of a descriptor
                json.dump(asdict(call), file)
            scratch.replace(self._path)
        except OSError as error:
            self._warn("a crash would end the call", error)

    def recall(self) -> HeldCall | None:
        """Return what a predecessor left; what makes no sense is nothing."""
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as file:
                found: object = json.loads(file.read(_LARGEST_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            log.warning("the call before is not known", extra={"reason": str(error)})
            return None
        return _held(found)

    def forget(self) -> None:
        """Remove the file; one that stays is one warning, and too old soon."""
        if self._path is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._warn("a call that is over is still noted", error)

    def _warn(self, what: str, error: OSError) -> None:
        if not self._has_failed:
            self._has_failed = True
            log.warning(what, extra={"code": "K004", "reason": words_of(error)})


def _held(found: object) -> HeldCall | None:
    fields = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    match fields:
        case {
            "room_id": str(room_id),
            "user_id": str(user_id),
            "muted": bool(muted),
            "returns": int(returns),
            "at": int(at),
        }:
            return HeldCall(room_id, user_id, muted, returns, Micros(at))
        case _:
            reason = {"reason": "it makes no sense"}
            log.warning("the call before is not known", extra=reason)
            return None
