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
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.errors import WireError
from kiosk.media.stretch import Pcm
from kiosk.ports import Micros
from kiosk.rtmp.server import ServerSession
from tests.fakes.receive_path import PERIOD_US, Coming, ReceivePath, Tag
from tests.fakes.rtmp_goldens import served
from tests.fakes.rtmp_pair import SERVER_RANDOM
from tests.fuzz.seeds import Seeds, made_seeds
from tests.fuzz.units import Part, unit


LOOKS = 40
_NUMBER = struct.Struct("=Q")


@dataclass(slots=True)
class Reached:
    """
    How far units came: a fuzz that stops at the first parser shows nothing.

    Attributes:
        refused_by_server: Conversations.
        decoded: Pictures that went to the decoder.

    """

    connections: int = 0
    refused_by_server: int = 0
    pictures: int = 0
    decoded: int = 0
    damaged: int = 0
    shown: int = 0
    heard_ms: int = 0
    concealed_ms: int = 0


class Sending:
    """Sends units to the receive path, with their numbers written down."""

    def __init__(self, seeds: Seeds, progress: Path, seed: int) -> None:
        self._seeds = seeds
        self._seed = seed
        self._kinds: Counter[str] = Counter()
        self._time_ms = 0
        self._reached = Reached()
        with progress.open("r+b") as file:
            self._progress = mmap.mmap(file.fileno(), _NUMBER.size)

    def run(self, first: int, end: int) -> None:
        """Send the units with these numbers."""
        self._path = ReceivePath(self._coming(first, end), on_period=self._heard)
        asyncio.run(self._path.run())
        self._tell(end)

    def _coming(self, first: int, end: int) -> Iterator[Coming]:
        every = max(1, (end - first) // LOOKS)
        for number in range(first, end):
            _NUMBER.pack_into(self._progress, 0, number)
            made = unit(self._seeds, self._seed, number)
            self._kinds[made.kind.value] += 1
            if made.conversation:
                self._converse(made.conversation)
            yield Coming([self._tag(part) for part in made.parts], made.wire)
            yield Coming()
            if (number + 1 - first) % every == 0:
                self._tell(number + 1)

    def _tag(self, part: Part) -> Tag:
        self._time_ms += part.step_ms
        return Tag(part.type_id, part.body, self._time_ms)

    def _converse(self, wrong: bytes) -> None:
        try:
            served(ServerSession(SERVER_RANDOM), wrong)
        except WireError:
            self._reached.refused_by_server += 1

    def _heard(self, at: Micros, samples: Pcm | None, pts_us: int | None) -> None:
        self._reached.heard_ms += 0 if pts_us is None else PERIOD_US // 1000

    def _tell(self, done: int) -> None:
        reached, counters = self._reached, self._path.counters
        drops = counters.drops
        reached.connections = self._path.links
        reached.pictures = counters.pictures_received
        reached.decoded = counters.pictures_received - (
            drops.without_idr + drops.behind + drops.crowded + drops.moved
        )
        reached.damaged = drops.damaged
        reached.shown = counters.pictures_shown
        reached.concealed_ms = counters.concealed_us // 1000
        told = {
            "done": done,
            "kinds": self._kinds,
            "reached": asdict(reached),
            "rss_kb": rss_kb(),
            "descriptors": len([*Path("/proc/self/fd").iterdir()]),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def rss_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 1024


def main(scratch: str, progress: str, seed: int, first: int, end: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Sending(made_seeds(Path(scratch)), Path(progress), seed).run(first, end)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
