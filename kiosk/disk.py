"""
Changes of files that survive a power cut, one step at a time.

:class:`Disk` has the steps, :func:`put` their order: written under another name,
brought to the medium, renamed, and the directory brought to the medium.  A cut before
the rename leaves the old file, one after it the new; never half of one.  Tests cut
the power between any two steps.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path


class Disk:
    """The steps; each may be the last one before the power is gone."""

    def make_directory(self, path: Path, mode: int) -> None:
        """Make one directory, with this mode whatever the umask."""
        path.mkdir(mode)
        path.chmod(mode)

    def write(self, path: Path, content: bytes, mode: int | None) -> None:
        """
        Write a file whole; after :meth:`sync` it is on the medium.

        Args:
            path: Of the file.
            content: All of it.
            mode: Its permissions; None on FAT, which has none and refuses to set any.

        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        created = 0o644 if mode is None else mode
        with os.fdopen(os.open(path, flags, created), "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)

    def sync(self, path: Path) -> None:
        """Wait until a file's content, or a directory's names, are on the medium."""
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or directory another name, in place of what has it."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Remove one file or one empty directory."""
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def make_directories(disk: Disk, path: Path, mode: int = 0o755) -> None:
    """Make a directory, and those above it that are missing; all are on the medium."""
    if path.is_dir():
        return
    make_directories(disk, path.parent)
    disk.make_directory(path, mode)
    disk.sync(path.parent)


@contextlib.contextmanager
def alone_in(
    disk: Disk, folder: Path, mode: int = 0o755, *, waits: bool
) -> Generator[None]:
    """
    Let one process at a time change what a directory stands for.

    Args:
        disk: Makes it, where it is missing.
        folder: It may be removed meanwhile by whoever is at it: a wipe does.
        mode: It is made with.
        waits: Whether for another's end.

    Raises:
        BlockingIOError: Another is at it, and this one does not wait.

    """
    how = fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB)
    while True:
        make_directories(disk, folder, mode)
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(number, how)
            if _is_another(folder, number):
                continue  # it was removed while we waited: others lock a new one
            yield
            return
        finally:
            os.close(number)


def _is_another(path: Path, number: int) -> bool:
    try:
        return not os.path.samestat(path.stat(), os.fstat(number))
    except FileNotFoundError:
        return True


def put(disk: Disk, path: Path, content: bytes, mode: int | None) -> None:
    """
    Put a file in its place, whole and on the medium.

    Raises:
        OSError: Something failed; the old file is still there.

    """
    scratch = path.with_name(f".{path.name}.new")
    disk.write(scratch, content, mode)
    disk.sync(scratch)
    disk.rename(scratch, path)
    disk.sync(path.parent)


def remove_tree(disk: Disk, path: Path) -> None:
    """Remove a directory with all that is in it; links are removed, not followed."""
    if not path.is_dir() or path.is_symlink():
        if os.path.lexists(path):
            disk.remove(path)
        return
    for entry in sorted(path.iterdir()):
        remove_tree(disk, entry)
    disk.remove(path)


def overwrite_and_remove(disk: Disk, path: Path) -> None:
    """
    Remove a file whose content nobody is to read again.

    It is overwritten first.  On a flash medium that is a courtesy: the controller may
    keep the old blocks, so a secret that was on a lost stick is to be changed.
    """
    with path.open("r+b", buffering=0) as file:
        length = os.fstat(file.fileno()).st_size
        file.write(bytes(length))
        os.fsync(file.fileno())
    disk.remove(path)
    disk.sync(path.parent)


def content_of(path: Path, most: int) -> bytes:
    """
    Return what is in a regular file; never waits for a FIFO or follows a link.

    Raises:
        OSError: It is absent, unreadable or no file.
        ValueError: It is longer than ``most`` bytes.

    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "is no regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"is larger than {most >> 10} KiB")
    return content


def is_as(path: Path, content: bytes, mode: int) -> bool:
    """Return whether a file is already what it is to be."""
    with contextlib.suppress(OSError, ValueError):
        facts = path.lstat()
        right = stat.S_ISREG(facts.st_mode) and stat.S_IMODE(facts.st_mode) == mode
        return right and content_of(path, len(content)) == content
    return False


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the entries of a directory by name; nothing where there is none."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted(folder.iterdir())
