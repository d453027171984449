"""
Files of an older ``config_version`` are read as if written today; newer ones are not.

1. A step is a table of moves, from what a version called a setting to what the next
   one calls it; steps are applied to one file's values in memory, and the file stays
   as it is.  Each move that was needed is told with what to write.
2. A file without ``config_version`` is of version 1: files that never named one are
   the oldest there are.
3. No key was ever renamed up to version 1, so the product's tables are empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from kiosk.config.documents import Document, Origin, Table, Unreadable
from kiosk.config.lines import KeyPath


CONFIG_VERSION: Final = 1
"""What this program writes and reads."""

_KEY: Final = "config_version"
_OLDEST: Final = 1


@dataclass(frozen=True, slots=True)
class Move:
    """
    A setting that is called otherwise since.

    Attributes:
        old: Section and key before.
        new: Section and key since; None: there is no such setting any more.
        convert: Makes the new value of the old one; by default they are the same.

    """

    old: tuple[str, str]
    new: tuple[str, str] | None
    convert: Callable[[object], object] = lambda value: value


@dataclass(frozen=True, slots=True)
class Migrated:
    """
    A file's values as the current version has them.

    Attributes:
        document: The values, each on the line where it stood.
        notices: One line for each move, with what to write.

    """

    document: Document
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Versions:
    """
    How files of each version are read.

    Attributes:
        current: The version that this program's settings are of.
        steps: The moves from each older version to the one after it.

    """

    current: int = CONFIG_VERSION
    steps: Mapping[int, tuple[Move, ...]] = field(
        default_factory=dict[int, tuple[Move, ...]]
    )

    def read(self, document: Document) -> Migrated:
        """
        Return a file's values as of now.

        Raises:
            Unreadable: It is of a newer version.

        """
        version = document.table.get(_KEY, _OLDEST)
        if type(version) is not int or version < _OLDEST:
            return Migrated(document)  # which is a mistake like any other
        if version > self.current:
            where = Origin(document.file, document.lines.get((_KEY,))).text
            raise Unreadable(
                f"{where}: {_KEY}: is {version}, and this program reads versions up to "
                f"{self.current}; install the newer kiosk, or have the file written "
                f"anew for {_KEY} = {self.current}"
            )
        notices: list[str] = []
        for step in range(version, self.current):
            for move in self.steps.get(step, ()):
                document, told = _moved(document, move)
                notices += [told] if told else []
        if _KEY in document.table:
            table = {**document.table, _KEY: self.current}
            document = replace(document, table=table)
        return Migrated(document, tuple(notices))


def _moved(document: Document, move: Move) -> tuple[Document, str]:
    section, key = move.old
    values = document.table.get(section)
    if not isinstance(values, dict) or key not in values:
        return document, ""
    table: Table = {**document.table, section: dict(cast("Table", values))}
    value = cast("Table", table[section]).pop(key)
    lines = dict(document.lines)
    line = lines.pop(move.old, None)
    told = f"{Origin(document.file, line).text}: [{section}] {key}: "
    if move.new is None:
        return replace(document, table=table, lines=lines), told + (
            "has no effect any more; delete it"
        )
    home, name = move.new
    target = table.setdefault(home, {})
    if not isinstance(target, dict):
        return document, ""  # a mistake at that section, which will be told
    target = dict(cast("Table", target))
    table[home] = target
    told += f"is now [{home}] {name}; "
    if name in target:
        told += "which stands there, too, and counts: delete this one"
    else:
        target[name] = move.convert(value)
        told += "still read, but write it so"
        _note_line(lines, move.new, line)
    return replace(document, table=table, lines=lines), told


def _note_line(lines: dict[KeyPath, int], path: KeyPath, line: int | None) -> None:
    if line is not None:
        lines[path] = line
        lines.setdefault(path[:1], line)
