"""
Reading TOML files from disk, merging them, and remembering where a value came from.

Each file is read whole, once, at most one MiB.  Everything that can be wrong
with a file as such (absent, unreadable, not UTF-8, not TOML) becomes one line
of text with its cure; nothing here knows a section or key.
"""

from __future__ import annotations

import codecs
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from kiosk.config.lines import KeyPath, index_lines
from kiosk.config.syntax import syntax_mistake


Table = dict[str, object]

MAX_BYTES = 1 << 20


class Unreadable(ValueError):
    """A file cannot be used at all; the text names it, the cause and the cure."""


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where a value or a mistake stands.

    Attributes:
        file: Path, or what else it came from (``command line``).
        line: Counted from 1; ``None`` where there is none.

    """

    file: str
    line: int | None = None

    @property
    def text(self) -> str:
        """The origin as ``file:line``."""
        place = printable(self.file)
        return place if self.line is None else f"{place}:{self.line}"


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content, or values given in another way."""

    file: str
    table: Table
    lines: Mapping[KeyPath, int] = field(default_factory=dict[KeyPath, int])
    last_line: int | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """All documents as one table, and the origin of each section and value."""

    table: Table
    origins: Mapping[KeyPath, Origin]

    def origin(self, path: KeyPath) -> Origin | None:
        """Return where ``path``, or the closest thing around it, stands."""
        for length in range(len(path), 0, -1):
            found = self.origins.get(path[:length])
            if found is not None:
                return found
        return None


def read_document(path: Path) -> Document:
    """
    Read one file.

    Raises:
        Unreadable: Absent, not readable, not UTF-8, or not TOML.

    """
    text = _decode(path, read_bytes(path))
    try:
        table, lines = tomllib.loads(text), index_lines(text)
        return Document(str(path), table, lines, text.count("\n") + 1)
    except tomllib.TOMLDecodeError as error:
        line, what = syntax_mistake(text, str(error))
        raise Unreadable(f"{_name(path)}:{line}: {printable(what)}") from error
    except RecursionError as error:
        raise Unreadable(f"{_name(path)}: its brackets are nested too deep") from error
    except ValueError as error:  # e.g. a number of 5000 digits
        raise Unreadable(f"{_name(path)}: holds a number that is too long") from error


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """
    Return a file's content; a pipe or a device is refused, not waited for.

    Raises:
        Unreadable: Absent, not readable, no file, or larger than ``limit`` bytes.

    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            kind = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(kind) and not path.samefile(os.devnull):
                raise Unreadable(f"{_name(path)}: is no file but a pipe or a device")
            content = file.read(limit + 1)
    except FileNotFoundError as error:
        reason = "is a link to nowhere" if path.is_symlink() else "no such file"
        raise Unreadable(f"{_name(path)}: {reason}; check the path") from error
    except IsADirectoryError as error:
        raise Unreadable(
            f"{_name(path)}: is a directory; name the file within it"
        ) from error
    except PermissionError as error:
        raise Unreadable(
            f"{_name(path)}: may not be read by this user; check its owner and mode"
        ) from error
    except OSError as error:
        raise Unreadable(f"{_name(path)}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise Unreadable(f"{_name(path)}: cannot be read: {error}") from error
    if len(content) > limit:
        raise Unreadable(f"{_name(path)}: is larger than {limit >> 10} KiB")
    return content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def merge(documents: Iterable[Document]) -> Merged:
    """Merge documents, later ones over earlier ones, key by key."""
    table: Table = {}
    origins: dict[KeyPath, Origin] = {}
    for document in documents:
        _merge_table(table, document.table, (), document, origins)
    return Merged(table, origins)


def printable(text: str, limit: int = 200) -> str:
    """Return ``text`` fit for one line of a message."""
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _merge_table(
    into: Table,
    table: Table,
    prefix: KeyPath,
    document: Document,
    origins: dict[KeyPath, Origin],
) -> None:
    for key, value in table.items():
        path = (*prefix, key)
        present = into.get(key)
        if _both_tables(value, present):
            inner = cast("Table", value)
            _merge_table(cast("Table", present), inner, path, document, origins)
            continue
        for old in [known for known in origins if known[: len(path)] == path]:
            del origins[old]
        _note_origins(value, path, document, origins)
        into[key] = _copy(value)


def _both_tables(value: object, present: object) -> bool:
    return isinstance(value, dict) and isinstance(present, dict)


def _note_origins(
    value: object, path: KeyPath, document: Document, origins: dict[KeyPath, Origin]
) -> None:
    origins[path] = Origin(document.file, document.lines.get(path))
    children: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        children = cast("Table", value).items()
    elif isinstance(value, list):
        children = enumerate(cast("list[object]", value))
    for key, child in children:
        _note_origins(child, (*path, key), document, origins)


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in cast("Table", value).items()}
    return value


def _decode(path: Path, content: bytes) -> str:
    cure = "save it as UTF-8 without a byte order mark"
    if content.startswith(codecs.BOM_UTF8):
        raise Unreadable(f"{_name(path)}:1: begins with a byte order mark; {cure}")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable(f"{_name(path)}:1: is UTF-16; {cure}")
    if _is_wide(content):
        raise Unreadable(f"{_name(path)}:1: is UTF-16; {cure}")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if error.reason == "unexpected end of data":
            raise Unreadable(
                f"{_name(path)}:{line}: is cut off within a letter; copy it again"
            ) from error
        byte = content[error.start]
        raise Unreadable(
            f"{_name(path)}:{line}: is not UTF-8 (byte 0x{byte:02x}); {cure}"
        ) from error


def _is_wide(content: bytes) -> bool:
    """Say whether every other byte of the first ones is 0, as of ASCII in UTF-16."""
    begin = content[:64]
    return any(set(begin[first::2]) == {0} for first in (0, 1)) and len(set(begin)) > 1


def _name(path: Path) -> str:
    return printable(str(path))
