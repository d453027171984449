"""
What the programs of this machine have yet to read of what was applied, and since when.

Two mistakes are kept from happening by it: whoever waits for a call's end before the
kiosk is told may be ended meanwhile (a stick pulled out), and the next one has to tell
it; and a kiosk that is asked for its health before it has read what is on trial would
vouch for what it had before.

Kept in ``/run``: whoever starts anew has read everything.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from kiosk.disk import Disk, content_of, make_directories, put
from kiosk.errors import words_of


FILE: Final = "run/kiosk-provision/taking-up.json"
_MODE = 0o600
_MAX_BYTES = 1 << 16

log = logging.getLogger(__name__)


def monotonic_us() -> int:
    """Return CLOCK_MONOTONIC in microseconds, as the kiosk's status has it."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class TakingUp:
    """
    The file.

    Args:
        root: Below which it is.
        disk: What changes files.
        now_us: CLOCK_MONOTONIC in microseconds.

    """

    def __init__(
        self, root: Path, disk: Disk, now_us: Callable[[], int] = monotonic_us
    ) -> None:
        self._path = root / FILE
        self._disk = disk
        self._now_us = now_us

    @property
    def left(self) -> tuple[str, ...]:
        """The places of the files that nobody was told of yet."""
        left = self._read().get("left")
        return (
            tuple(map(str, cast("list[object]", left)))
            if isinstance(left, list)
            else ()
        )

    @property
    def since_us(self) -> int:
        """When everybody was told; 0 where nothing changed since the machine started."""
        since = self._read().get("since_us")
        return since if isinstance(since, int) else 0

    def begin(self, changed: tuple[str, ...]) -> None:
        """Note files of which nobody was told yet, beside those of before."""
        left = sorted({*self.left, *changed})
        self._write({"left": left, "since_us": self.since_us})

    def done(self) -> None:
        """Note that everybody was told just now."""
        self._write({"left": [], "since_us": self._now_us()})

    def _read(self) -> Mapping[str, Any]:
        try:
            found: object = json.loads(content_of(self._path, _MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    def _write(self, told: Mapping[str, object]) -> None:
        try:
            make_directories(self._disk, self._path.parent)
            put(self._disk, self._path, json.dumps(told).encode(), _MODE)
        except OSError as error:
            log.warning("take-up not noted", extra={"reason": words_of(error)})
