"""
Pages of libraries that were read while they were loaded, and hardly ever since.

Loading FFmpeg, numpy and the rest reads symbols, relocations and start-up code: two
thirds of the pages of their files that a started kiosk has mapped.  They are let go of
once; what is needed again comes back from the page cache, a microsecond a page.  The
machine has no memory more by that, for such pages the kernel takes whenever it wants
some; but what the kiosk occupies is then what it uses.

1. Only what is never written: a mapping that is not writable and of which the process
   has no page of its own.  Relocated pages stay.
2. Only libraries that cannot go away meanwhile: the loader is asked to keep each of
   them (``RTLD_NODELETE``), which also waits for one that is just being loaded.

Nothing depends on it: where the kernel or the C library is another, nothing happens.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final


SMAPS: Final = Path("/proc/self/smaps")
_MADV_DONTNEED: Final = 4  # asm-generic/mman-common.h
_KB: Final = 1024
_READ_ONLY: Final = frozenset({"r--p", "r-xp"})
_HEAD: Final = re.compile(
    r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) [0-9a-f]+ \S+ \d+ +(/.*\.so[.0-9]*)"
)


@dataclass(slots=True)
class Mapping:
    """
    One mapping of a library's file.

    Attributes:
        resident: Bytes of it in memory.
        own: Bytes of those that are the process's own: written, or relocated.

    """

    start: int
    end: int
    mode: str
    path: str
    resident: int = 0
    own: int = 0

    @property
    def can_go(self) -> bool:
        """Whether all of it can be had from the file again."""
        return self.mode in _READ_ONLY and self.own == 0 and self.resident > 0


def mappings_in(lines: Iterable[str]) -> Iterator[Mapping]:
    """Return the mappings of libraries in ``/proc/PID/smaps`` (proc_pid_smaps(5))."""
    found: Mapping | None = None
    for line in lines:
        if line[:1].islower() or line[:1].isdigit():  # else a field: they begin large
            if found is not None:
                yield found
            found = _mapping(_HEAD.fullmatch(line.rstrip()))
        elif found is not None and line.startswith("Rss:"):
            found.resident = int(line.split()[1]) * _KB
        elif found is not None and line.startswith("Anonymous:"):
            found.own = int(line.split()[1]) * _KB
    if found is not None:
        yield found


def let_go_of_library_pages(
    read: Callable[[], str] = lambda: SMAPS.read_text("utf-8", "surrogateescape"),
    keep: Callable[[str], bool] | None = None,
    let_go: Callable[[int, int], bool] | None = None,
) -> int:
    """
    Let go of what was read of libraries' files; returns how many bytes. Any thread.

    Args:
        read: Returns the kernel's map of this process.
        keep: Has the loader keep a library; returns whether it is loaded at all.
        let_go: Gives the pages from a place on back; returns whether it could.

    """
    keep, let_go = keep or _keep, let_go or _let_go
    with suppress(OSError):
        paths = {one.path for one in mappings_in(read().splitlines())}
        kept = {path for path in paths if keep(path)}
        # As they lie now: until it was kept, one may have been half loaded.
        return sum(
            one.resident
            for one in mappings_in(read().splitlines())
            if one.path in kept
            and one.can_go
            and let_go(one.start, one.end - one.start)
        )
    return 0


def _mapping(head: re.Match[str] | None) -> Mapping | None:
    if head is None:
        return None
    return Mapping(int(head[1], 16), int(head[2], 16), head[3], head[4])


def _keep(path: str) -> bool:
    try:
        ctypes.CDLL(path, os.RTLD_NOLOAD | os.RTLD_NODELETE | os.RTLD_LAZY)
    except OSError:
        return False
    return True


def _let_go(start: int, length: int) -> bool:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return bool(madvise(start, length, _MADV_DONTNEED) == 0)
