"""
Kills at the k-th write, sync, rename or removal of every writer.

One process that has imported everything already is traced by strace; it forks a child
for each writer, and strace counts the calls of each child by itself.  The child tells
that a write was acknowledged through shared memory, as any other way were a call.
"""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.powerloss.writers import NAIVE, WRITERS, Writer


TOP = Path(__file__).parents[2]
ALL: Mapping[str, Writer] = {**WRITERS, **NAIVE}
CALLS = {
    "write": "write,pwrite64,writev,ftruncate",
    "sync": "fsync,fdatasync",
    "rename": "rename,renameat,renameat2,link",
    "remove": "unlink,unlinkat,rmdir",
}
OLD, NEW = 1, 2
_DEADLINE_S = 120


@dataclass(frozen=True, slots=True)
class Kill:
    """What a kill did to one writer."""

    writer: str
    call: str
    when: int
    was_killed: bool
    was_acknowledged: bool
    found: str
    """``old``, ``new``, or what is wrong."""

    @property
    def is_right(self) -> bool:
        """Whether it is the old or the new, and the new if that was acknowledged."""
        return self.found == "new" or (
            self.found == "old" and not self.was_acknowledged
        )


def kill_each(
    folder: Path, call: str, when: int, names: Iterable[str] = WRITERS
) -> list[Kill]:
    """
    Kill every writer at its k-th call of a kind, then read what is there.

    Args:
        folder: Has what :func:`prepare` made; it is copied.
        call: Of :data:`CALLS`.
        when: Which one, from 1 on.
        names: Of the writers.

    """
    copy = folder / f"{call}-{when}"
    shutil.copytree(folder / "old", copy, symlinks=True)
    chosen = list(names)
    told = copy / "told"
    told.write_bytes(bytes(2 * len(chosen)))
    strace = shutil.which("strace")
    assert strace, "apt-get install strace"
    calls = CALLS[call]
    words = [strace, "-f", "-qq", "-o", "/dev/null", "--trace", calls]
    words += ["--inject", f"{calls}:signal=KILL:when={when}"]
    words += [sys.executable, "-m", "tests.powerloss.kills", str(copy), *chosen]
    subprocess.run(words, cwd=TOP, check=True, timeout=_DEADLINE_S, env=_environment())
    marks = told.read_bytes()
    kills = [
        Kill(
            name,
            call,
            when,
            was_killed=marks[2 * number] == 1,
            was_acknowledged=marks[2 * number + 1] == 1,
            found=_found(ALL[name], copy / name),
        )
        for number, name in enumerate(chosen)
    ]
    shutil.rmtree(copy)
    return kills


def prepare(folder: Path, names: Iterable[str] = WRITERS) -> None:
    """Let every writer write its first state."""
    for name in names:
        root = folder / "old" / name
        root.mkdir(parents=True)
        ALL[name].write(root, OLD)


def _found(writer: Writer, root: Path) -> str:
    """Read as the next start does; then write as it does, and look for leftovers."""
    try:
        found = {OLD: "old", NEW: "new"}.get(writer.read(root), "another")
    except Exception as error:  # noqa: BLE001 -- whatever a reader says of no state
        return f"{type(error).__name__}: {error}"[:200]
    number = NEW + 1 if found == "new" else NEW
    writer.write(root, number)
    left = sorted(path.name for path in root.rglob("*") if _is_left(path))
    return f"leftovers {left}" if left else found


def _is_left(path: Path) -> bool:
    return path.suffix in (".new", ".part", ".draft") or path.name == ".new"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_PROCESS_START": ""}


def _fork_each(folder: Path, names: Sequence[str]) -> None:
    with (folder / "told").open("r+b") as file:
        marks = mmap.mmap(file.fileno(), 0)
    for number, name in enumerate(names):
        child = os.fork()
        if child == 0:
            ALL[name].write(folder / name, NEW)
            marks[2 * number + 1] = 1
            os._exit(0)
        _, status = os.waitpid(child, 0)
        marks[2 * number] = os.WIFSIGNALED(status)


if __name__ == "__main__":
    _fork_each(Path(sys.argv[1]), sys.argv[2:])
