"""
The process that may die of a unit: ``... child SCRATCH PROGRESS SEED FIRST END``.

Before each unit its number is written into the file PROGRESS, so that whoever
started this knows which one it died of.  Every so often, and at the end, one
JSON line says how far units came and how much memory is in use.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import resource
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.receive_path import ReceivePath
from tests.fuzz.seeds import Seeds, made_seeds
from tests.fuzz.units import Unit, unit


LOOKS = 40
_NUMBER = struct.Struct("=Q")


class Told:
    """Units with their numbers written down, and what was told meanwhile."""

    def __init__(self, seeds: Seeds, progress: Path, seed: int) -> None:
        self._seeds = seeds
        self._seed = seed
        self._kinds: Counter[str] = Counter()
        with progress.open("r+b") as file:
            self._progress = mmap.mmap(file.fileno(), _NUMBER.size)
        self.path: ReceivePath | None = None

    def units(self, first: int, end: int) -> Iterator[Unit]:
        every = max(1, (end - first) // LOOKS)
        for number in range(first, end):
            _NUMBER.pack_into(self._progress, 0, number)
            made = unit(self._seeds, self._seed, number)
            self._kinds[made.kind.value] += 1
            yield made
            if (number + 1 - first) % every == 0:
                self.tell(number + 1)

    def tell(self, done: int) -> None:
        assert self.path is not None
        told = {
            "done": done,
            "kinds": self._kinds,
            "reached": asdict(self.path.reached),
            "rss_kb": _rss_kb(),
            "descriptors": len([*Path("/proc/self/fd").iterdir()]),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _rss_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 1024


def main(scratch: str, progress: str, seed: int, first: int, end: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    told = Told(made_seeds(Path(scratch)), Path(progress), seed)
    told.path = ReceivePath(told.units(first, end))
    asyncio.run(told.path.run())
    told.tell(end)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
