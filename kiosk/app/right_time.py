"""
Whether the time of this machine can be right: small boards have no clock of their own.

1. It is known to be right once a time server set it: the kernel says so
   (``adjtimex(2)``; a sandbox may refuse that), or systemd-timesyncd's file does, which
   is touched at each answer of a server.  A file from the future vouches for nothing:
   the clock was set back since, by hand say; what 2. says holds again.
2. It is known to be wrong while it is before the floor: the newest of this software's
   own date and of the last time that was known to be right, which is kept in a file.
   So it is twenty years after this software was made, with no time server to vouch.
3. Else it is plausible.  That is enough on a site without a time server; just after
   power-on one is waited for.

Nobody here sets a clock.  What a room server tells of the time is told to technicians
(:mod:`kiosk.app.doctor.server`) and trusted by nobody.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import kiosk
from kiosk.daemon.clock_watch import CODE, ClockFacts
from kiosk.errors import words_of
from kiosk.ports import Probe


NAME: Final = "clock"
"""Of the file, in the directory of the service's state."""
KEPT_EVERY_S: Final = 86_400.0
"""Storage wears out: the file is written once a day."""
PATIENCE_S: Final = 60.0
"""So long after power-on a time server is waited for."""
USEFUL_LIFE_S: Final = 20 * 365.25 * 86_400
CURE: Final = "let it reach a time server (`timedatectl`), or set the clock"

_SYNCHRONIZED: Final = "run/systemd/timesync/synchronized"
_TIMESYNC: Final = "run/systemd/timesync"
_COARSE_S: Final = 1.0
"""The kernel's time of files may be that far from the clock."""
_STA_UNSYNC: Final = 0x0040  # linux/timex.h
_ROOM_FOR_TIMEX: Final = 512
_STATUS_AT: Final = 40 if ctypes.sizeof(ctypes.c_long) == 8 else 20  # noqa: PLR2004
_LARGEST_BYTES: Final = 64

log = logging.getLogger(__name__)


def kernel_is_synchronized() -> bool | None:
    """Ask the kernel whether a time server set its clock; None: it may not be asked."""
    timex = ctypes.create_string_buffer(_ROOM_FOR_TIMEX)  # modes 0: only look
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(timex) < 0:
        if ctypes.get_errno() not in {errno.EPERM, errno.ENOSYS}:
            log.debug("adjtimex: %s", os.strerror(ctypes.get_errno()))
        return None
    status = ctypes.c_int.from_buffer(timex, _STATUS_AT).value
    return not status & _STA_UNSYNC


def is_synchronized(
    root: Path = Path("/"),
    ask: Callable[[], bool | None] = kernel_is_synchronized,
    wall_s: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_REALTIME),
) -> bool | None:
    """Say whether a time server set the clock; None where nobody tells."""
    told = ask()
    if told or _was_set_before(root / _SYNCHRONIZED, wall_s()):
        return True
    return False if (root / _TIMESYNC).is_dir() else told


def _was_set_before(file: Path, now_s: float) -> bool:
    try:
        return file.stat().st_mtime <= now_s + _COARSE_S
    except OSError:
        return False


class TimeFloor:
    """
    The earliest that it can be.

    Args:
        path: Of the file that keeps a time that was right; None keeps none.
        made_s: When this software was made, in seconds since 1970.

    """

    def __init__(self, path: Path | None, made_s: float) -> None:
        self._path = path
        self._made_s = made_s
        self._kept_s = kept_s(path) if path else 0.0
        self._has_failed = False

    @property
    def seconds(self) -> float:
        """Since 1970."""
        return max(self._made_s, self._kept_s)

    def keep(self, now_s: float) -> None:
        """Keep a time that is right, once a day; also when it is before the one kept."""
        is_near = 0 <= now_s - self._kept_s < KEPT_EVERY_S
        if self._path is None or is_near or self._has_failed:
            return
        self._kept_s = now_s
        scratch = self._path.with_suffix(".part")
        try:
            with scratch.open("w", encoding="ascii") as file:
                file.write(f"{now_s:.0f}\n")
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self._path)
        except OSError as error:
            self._has_failed = True
            reason = {"code": "K004", "reason": words_of(error)}
            log.warning("the time is not kept for the next start", extra=reason)


class RightTime:
    """
    Looks at the clock of this machine.

    Args:
        floor: The earliest that it can be.
        wall_s: Tells the time, in seconds since 1970.
        up_s: Tells for how long the machine has been on.
        synchronized: See :func:`is_synchronized`.

    Attributes:
        facts: As of the last look.

    """

    def __init__(
        self,
        floor: TimeFloor,
        wall_s: Callable[[], float],
        up_s: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        synchronized: Callable[[], bool | None] = is_synchronized,
    ) -> None:
        self._floor = floor
        self._wall_s = wall_s
        self._up_s = up_s
        self._synchronized = synchronized
        self.facts = ClockFacts()

    def look(self) -> ClockFacts:
        """Return what is known of the clock now; quick."""
        self.facts = self._looked()
        return self.facts

    def probe(self) -> Probe:
        """Return what a technician reads of the clock, as of the last look."""
        told = datetime.fromtimestamp(self._wall_s(), UTC)
        known = self.facts.synchronized
        by = {True: "set by a time server", None: "nobody says by whom it was set"}
        set_by = by.get(known, "set by no time server")
        wrong = f"{CODE} {self.facts.wrong}" if self.facts.wrong else ""
        return Probe(f"{told:%Y-%m-%d %H:%M:%S} UTC, {set_by}", wrong)

    def _looked(self) -> ClockFacts:
        now_s, is_set = self._wall_s(), self._synchronized()
        is_early = self._up_s() < PATIENCE_S
        if is_set:
            self._floor.keep(now_s)
            return ClockFacts(synchronized=True)
        wrong = ""
        if now_s < self._floor.seconds:
            earliest = _told(self._floor.seconds)
            wrong = f"the clock says {_told(now_s)}, it is {earliest} at least; {CURE}"
        elif now_s > self._floor.seconds + USEFUL_LIFE_S:
            wrong = f"the clock says {_told(now_s)}, decades from now; {CURE}"
        return ClockFacts(wrong, is_set, is_early)


def floor_of(environment: Mapping[str, str]) -> TimeFloor:
    """Return the floor of a service; systemd names a directory for its state."""
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    return TimeFloor(Path(given) / NAME if given else None, made_s())


def made_s() -> float:
    """Return when this software was made, in seconds since 1970: its files' own date."""
    with suppress(OSError):
        return Path(kiosk.__file__).stat().st_mtime
    return 0.0


def kept_s(path: Path) -> float:
    """Return the time that a file keeps, in seconds since 1970; 0 for none."""
    try:
        with path.open("rb") as file:
            return float(int(file.read(_LARGEST_BYTES)))
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError) as error:
        log.warning("the time kept is of no use", extra={"reason": str(error)})
        return 0.0


def _told(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        return "no date"
