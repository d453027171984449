"""
The files of one folder, for reading; there is no way to any other.

A name is looked up among the names the folder has; it is never joined to a path
(``reliability.md`` S08: the originals read any file of the machine).  Links,
folders and hidden files are not there.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


MAX_FILES = 1000
MAX_BYTES = 1024 * 1024
"""Of a longer file the end is read."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of the folder."""

    name: str
    size: int


class LogFolder:
    """
    One folder of log files.

    Args:
        path: The folder; a missing or unreadable one is empty.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_readable(self) -> bool:
        """Say whether the folder can be listed."""
        return self._path.is_dir() and os.access(self._path, os.R_OK | os.X_OK)

    def files(self) -> tuple[LogFile, ...]:
        """Return the first files by name."""
        try:
            with os.scandir(self._path) as entries:
                files = [
                    LogFile(entry.name, entry.stat(follow_symlinks=False).st_size)
                    for entry in entries
                    if entry.is_file(follow_symlinks=False)
                    and not entry.name.startswith(".")
                ]
        except OSError:
            return ()
        return tuple(sorted(files, key=lambda file: file.name)[:MAX_FILES])

    def read(self, name: str) -> bytes | None:
        """Return (the end of) a file the folder has, else None."""
        if name not in {file.name for file in self.files()}:
            return None
        try:
            return self._end_of(name)
        except OSError:
            return None

    def _end_of(self, name: str) -> bytes | None:
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            number = os.open(name, flags, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(number, "rb") as file:
            facts = os.fstat(number)
            if not stat.S_ISREG(facts.st_mode):  # it was exchanged meanwhile
                return None
            file.seek(max(0, facts.st_size - MAX_BYTES))
            return file.read(MAX_BYTES)
