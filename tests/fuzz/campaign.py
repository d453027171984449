"""
Units sent to a child that may die or hang of them, and what became of it.

The unit a child died of is written down with its number, the next child goes on
behind it.  ``python -m tests.fuzz.child`` with the same numbers dies again.
"""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.programs import ROOT


CHILD = (sys.executable, "-m", "tests.fuzz.child")

HANG_S = 30.0
"""A unit takes a millisecond; a machine of others' may stop for seconds."""

DEATHS_MOST = 20

_NUMBER = struct.Struct("=Q")
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Death:
    """A child that ended before its units did; ``status`` None: it hung."""

    number: int
    status: int | None
    words: str


@dataclass(slots=True)
class Campaign:
    """
    What a number of units did.

    Attributes:
        memory_kb: Resident, of the last child, at equal distances.

    """

    units: int
    seconds: float = 0.0
    deaths: list[Death] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    memory_kb: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    @property
    def crashes(self) -> int:
        return sum(death.status is not None for death in self.deaths)

    @property
    def hangs(self) -> int:
        return sum(death.status is None for death in self.deaths)

    @property
    def grown_mb(self) -> float:
        """
        How much more the last quarter always needs than the first one did.

        A large picture is let go with the next small one; a leak is not.
        """
        quarter = max(1, len(self.memory_kb) // 4)
        before, after = self.memory_kb[:quarter], self.memory_kb[-quarter:]
        return (min(after) - min(before)) / 1024


def campaign(
    units: int, seed: int, child: Sequence[str] = CHILD, *, hang_s: float = HANG_S
) -> Campaign:
    """
    Send so many units; returns when all were sent, or too many children died.

    Args:
        child: The command of one, without its arguments.
        hang_s: So long for one unit is a hang.

    """
    found = Campaign(units)
    began = time.monotonic()
    first = 0
    while first < units and len(found.deaths) < DEATHS_MOST:
        first = _one_child(found, [*child], seed, first, hang_s)
    found.seconds = time.monotonic() - began
    return found


def _one_child(
    found: Campaign, command: list[str], seed: int, first: int, hang_s: float
) -> int:
    """Let one child live; returns the number to go on with."""
    found.memory_kb.clear()
    found.descriptors.clear()
    with tempfile.TemporaryDirectory() as scratch, _output(scratch) as output:
        progress = Path(scratch, "progress")
        progress.write_bytes(_NUMBER.pack(first))
        command += map(str, (scratch, progress, seed, first, found.units))
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        try:
            status = _watched(child, progress, hang_s)
        finally:
            child.kill()
            child.wait()
        output.seek(0)
        lines = output.read().splitlines()
        number = int(_NUMBER.unpack(progress.read_bytes())[0])
    _count(found, [json.loads(line) for line in lines if line.startswith('{"done')])
    if status == 0:
        return found.units
    found.deaths.append(Death(number, status, "\n".join(lines[-30:])))
    return number + 1


@contextlib.contextmanager
def _output(scratch: str) -> Generator[Any]:
    with Path(scratch, "output").open("w+", encoding="utf-8") as output:
        yield output


def _watched(
    child: subprocess.Popen[bytes], progress: Path, hang_s: float
) -> int | None:
    """Wait for the end; None if it hung, negative if a signal ended it."""
    before, moved_at = b"", time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_LOOK_S)
        number = progress.read_bytes()
        if number != before:
            before, moved_at = number, time.monotonic()
        elif time.monotonic() - moved_at > hang_s:
            return None


def _count(found: Campaign, told: list[dict[str, Any]]) -> None:
    if not told:
        return
    found.kinds.update(told[-1]["kinds"])
    found.reached.update(told[-1]["reached"])
    found.memory_kb += (look["rss_kb"] for look in told[:-1])
    found.descriptors += (look["descriptors"] for look in told[:-1])
