"""
Power cuts of a real ext4: what is on the medium at a moment, without the page cache.

The file system lies in a file on btrfs.  ``cp --reflink=always`` of that file is, in one
step, the disk as it is then; mounted, it is what a machine finds whose power failed.
Needs root, loop devices and btrfs-progs.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.powerloss.kills import ALL


_MEDIUM, _DISK = "2500M", "192M"
_NUMBER = 8
_PAUSE_S = 0.01


class NoCuts(Exception):
    """Power cannot be cut here: the text says what is missing."""


@dataclass
class Cuts:
    """What cuts did to one writer."""

    writer: str
    tried: int = 0
    intact: int = 0
    lost: int = 0
    """States that were acknowledged and are not there."""
    writes: int = 0
    wrong: list[str] = field(default_factory=list[str])


def cut_often(names: Iterable[str], count: int, seed: int) -> Mapping[str, Cuts]:
    """
    Let writers write all the time, and cut the power so many times meanwhile.

    Raises:
        NoCuts: This machine cannot.

    """
    dice, cuts = random.Random(seed), {name: Cuts(name) for name in names}
    with _disk() as (image, mounted), _writing(list(cuts), mounted) as marks:
        copy, place = image.with_name("copy.img"), image.parent.parent / "copy"
        place.mkdir()
        for _ in range(count):
            time.sleep(dice.uniform(0.0, 0.15))
            acknowledged = [marks.of(number) for number in range(len(cuts))]
            _run("cp", "--reflink=always", image, copy)
            _run("mount", "-o", "loop", copy, place)
            try:
                for one, least in zip(cuts.values(), acknowledged, strict=True):
                    _judge(one, place, least)
            finally:
                _run("umount", place)
        for number, one in enumerate(cuts.values()):
            one.writes = marks.of(number)
    return cuts


def _judge(cuts: Cuts, place: Path, acknowledged: int) -> None:
    writer = ALL[cuts.writer]
    cuts.tried += 1
    try:
        found = writer.read(place / cuts.writer)
    except Exception as error:  # noqa: BLE001 -- whatever a reader says of no state
        cuts.wrong.append(f"{type(error).__name__}: {error}"[:200])
        return
    if found < acknowledged and writer.is_on_the_medium:
        cuts.lost += 1
        return
    cuts.intact += 1


class _Marks:
    """The last state each writer was told is written, in shared memory."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size * _NUMBER)

    def of(self, number: int) -> int:
        at = number * _NUMBER
        return int.from_bytes(self._memory[at : at + _NUMBER], "little")

    def note(self, number: int, state: int) -> None:
        at = number * _NUMBER
        self._memory[at : at + _NUMBER] = state.to_bytes(_NUMBER, "little")


@contextmanager
def _writing(names: list[str], mounted: Path) -> Generator[_Marks]:
    """Let a process for each writer write one state after the other."""
    marks, children = _Marks(len(names)), list[int]()
    for number, name in enumerate(names):
        (mounted / name).mkdir()
        ALL[name].write(mounted / name, 1)
        marks.note(number, 1)
    os.sync()
    try:
        for number, name in enumerate(names):
            child = os.fork()
            if child == 0:
                _write_on(name, mounted / name, marks, number)
            children.append(child)
        yield marks
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _write_on(name: str, root: Path, marks: _Marks, number: int) -> None:
    state, dice = 1, random.Random(name)
    while True:
        state += 1
        ALL[name].write(root, state)
        marks.note(number, state)
        time.sleep(dice.uniform(0.0, _PAUSE_S))


@contextmanager
def _disk() -> Generator[tuple[Path, Path]]:
    """Make a medium of btrfs and on it a disk of ext4; yield its image and its place."""
    with ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="kiosk-power-"))
        stack.callback(_remove, base)
        medium, outer, mounted = base / "medium.img", base / "medium", base / "disk"
        outer.mkdir()
        mounted.mkdir()
        _run("truncate", "-s", _MEDIUM, medium)
        _run("mkfs.btrfs", "-q", medium)
        _run("mount", "-o", "loop", medium, outer)
        stack.callback(_run, "umount", "--lazy", outer)
        image = outer / "disk.img"
        _run("truncate", "-s", _DISK, image)
        _run("mkfs.ext4", "-q", image)
        _run("mount", "-o", "loop,commit=5", image, mounted)
        stack.callback(_run, "umount", "--lazy", mounted)
        yield image, mounted


def _remove(base: Path) -> None:
    for path in (base / "medium.img",):
        path.unlink(missing_ok=True)
    for folder in (*base.iterdir(), base):
        folder.rmdir()


def _run(*words: str | Path) -> None:
    try:
        done = subprocess.run(words, check=False, capture_output=True, timeout=60)
    except FileNotFoundError:
        raise AssertionError(f"{words[0]} is missing: make system") from None
    if done.returncode:
        raise NoCuts(f"{words[0]}: {done.stderr.decode().strip()}")
