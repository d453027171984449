"""A disk whose power fails at a chosen step, with or without what it had not synced."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from kiosk.disk import Disk


class PowerCut(BaseException):
    """The power is gone; nothing after this step happened."""


class FailingDisk(Disk):
    """
    Counts its steps and fails at one of them.

    Args:
        at: The step that does not happen any more; 0: none.
        loses_cache: Whether all that was not synced is lost, too: contents are cut in
            half, names are as they were.  Else everything up to then is on the medium.

    """

    def __init__(self, at: int = 0, *, loses_cache: bool = False) -> None:
        self.steps = 0
        self._at = at
        self._loses_cache = loses_cache
        self._pending: list[tuple[object, Callable[[], None]]] = []

    @override
    def make_directory(self, path: Path, mode: int) -> None:
        self._step()
        super().make_directory(path, mode)
        self._until(path.parent, lambda: shutil.rmtree(path))

    @override
    def write(self, path: Path, content: bytes, mode: int | None) -> None:
        self._step()
        is_new = not path.exists()
        super().write(path, content, mode)
        if is_new:
            self._until(path.parent, path.unlink)
        self._pending.append((path.stat().st_ino, lambda: _tear(path)))

    @override
    def sync(self, path: Path) -> None:
        self._step()  # the real thing would only wait: nothing here is read by others
        done = str(path) if path.is_dir() else path.stat().st_ino
        self._pending = [each for each in self._pending if each[0] != done]

    @override
    def rename(self, old: Path, new: Path) -> None:
        self._step()
        before = _kept(new)
        super().rename(old, new)

        def undo() -> None:
            new.rename(old)
            if before is not None:
                before()

        self._until(new.parent, undo)

    @override
    def remove(self, path: Path) -> None:
        self._step()
        before = _kept(path)
        super().remove(path)
        assert before is not None
        self._until(path.parent, before)

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._at:
            if self._loses_cache:
                for _, undo in reversed(self._pending):
                    undo()
            raise PowerCut

    def _until(self, folder: Path, undo: Callable[[], None]) -> None:
        self._pending.append((str(folder), undo))


def _tear(path: Path) -> None:
    if path.exists():
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])


def _kept(path: Path) -> Callable[[], None] | None:
    if path.is_dir():
        return path.mkdir
    if not path.exists():
        return None
    content, mode = path.read_bytes(), path.stat().st_mode & 0o777

    def bring_back() -> None:
        path.write_bytes(content)
        path.chmod(mode)

    return bring_back
