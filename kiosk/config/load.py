"""
A configuration from its files: every mistake at once, or values with their origins.

1. Nothing is logged, printed or remembered here; the root directory is an
   argument.
2. What is usable of a wrong configuration is returned too
   (:func:`examine_kiosk`): a kiosk with a typing slip still has a display to
   say so on, and a control socket to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from pydantic import ValidationError

from kiosk.config.documents import (
    Document,
    Merged,
    Origin,
    Table,
    Unreadable,
    merge,
    read_document,
)
from kiosk.config.layers import FileNames, Layered, find_files
from kiosk.config.lines import KeyPath
from kiosk.config.mistakes import Mistake, describe, place
from kiosk.config.rules import Breach, kiosk_breaches, server_breaches
from kiosk.config.schema import KioskConfig, Section
from kiosk.config.server_schema import ServerConfig
from kiosk.errors import ConfigError


ROOT = Path("/")
COMMAND_LINE = "command line"

_NOWHERE = "http://127.0.0.1:9"
"""Stands in for a room server that is not configured; port 9 discards."""

_C = TypeVar("_C", bound=Section)
_C_co = TypeVar("_C_co", bound=Section, covariant=True)
Overrides = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Loaded(Generic[_C_co]):
    """
    A configuration and where it came from.

    Attributes:
        config: The values, all of them valid.
        origins: Origin of each section and key that a file sets.
        files: The files read, in order; a later one wins.

    """

    config: _C_co
    origins: Mapping[KeyPath, Origin]
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Kind(Generic[_C]):
    """What sets the two configurations apart."""

    model: type[_C]
    names: FileNames
    breaches: Callable[[_C], Iterator[Breach]]
    stand_ins: Mapping[tuple[str, str], object]


_KIOSK = _Kind(
    KioskConfig,
    FileNames("kiosk.toml", "conf.d"),
    kiosk_breaches,
    {("room", "server"): _NOWHERE},
)
_SERVER = _Kind(ServerConfig, FileNames("server.toml", "server.d"), server_breaches, {})


def load_kiosk(file: Path | None = None, *, root: Path = ROOT) -> Loaded[KioskConfig]:
    """
    Load the kiosk's configuration.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.

    Raises:
        ConfigError: With every mistake in it.

    """
    return _or_raise(*_examine(_KIOSK, file, root, {}))


def examine_kiosk(
    file: Path | None = None, *, root: Path = ROOT
) -> tuple[Loaded[KioskConfig], ConfigError | None]:
    """
    Load what can be used of the kiosk's configuration, and say what is wrong.

    Wrong keys have their defaults, and a wrong or missing server is replaced by
    an address of this machine that answers nothing.
    """
    return _examine(_KIOSK, file, root, {})


def load_server(
    file: Path | None = None,
    *,
    root: Path = ROOT,
    overrides: Overrides | None = None,
) -> Loaded[ServerConfig]:
    """
    Load the room server's configuration.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.
        overrides: Values from the command line, by section and key.

    Raises:
        ConfigError: With every mistake in it.

    """
    return _or_raise(*_examine(_SERVER, file, root, overrides or {}))


def _or_raise(loaded: Loaded[_C], problem: ConfigError | None) -> Loaded[_C]:
    if problem is not None:
        raise problem
    return loaded


def _examine(
    kind: _Kind[_C], file: Path | None, root: Path, overrides: Overrides
) -> tuple[Loaded[_C], ConfigError | None]:
    found = Layered((file,), ()) if file else find_files(kind.names, root)
    lines = list(found.mistakes)
    documents: list[Document] = []
    for path in found.files:
        try:
            documents.append(read_document(path))
        except Unreadable as error:
            lines.append(str(error))
    if overrides:
        given = {name: dict(keys) for name, keys in overrides.items()}
        documents.append(Document(COMMAND_LINE, cast("Table", given)))
    merged = merge(documents)
    config, mistakes = _judge(kind, merged.table)
    # A key may be missing only because its file could not be read.
    complete = not lines
    home = found.files[0] if found.files else root / "etc/kiosk" / kind.names.main
    lines += [
        _line(mistake, merged, home)
        for mistake in sorted(mistakes, key=lambda found: _order(found, merged))
        if complete or mistake.path in merged.origins
    ]
    loaded = Loaded(config, merged.origins, found.files)
    return loaded, ConfigError(tuple(lines)) if lines else None


def _judge(kind: _Kind[_C], table: Table) -> tuple[_C, list[Mistake]]:
    """Return a valid configuration, and what had to be left out for it."""
    mistakes: list[Mistake] = []
    try:
        config = kind.model.model_validate(table)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        mistakes = describe(errors, kind.model, table)
        config = _without(kind, table, [found["loc"] for found in errors])
    wrong = {mistake.path[:2] for mistake in mistakes}
    breaches = [
        breach.mistake
        for breach in kind.breaches(config)
        if not wrong.intersection([breach.mistake.path, *breach.rests_on])
    ]
    if breaches:
        paths = [mistake.path for mistake in (*mistakes, *breaches)]
        config = _without(kind, table, paths)
    return config, mistakes + breaches


def _without(kind: _Kind[_C], table: Table, wrong: list[KeyPath]) -> _C:
    keep: dict[str, object] = {}
    dropped = {path[:2] for path in wrong}
    for name, value in table.items():
        if (name,) in dropped:
            continue
        keep[name] = value
        if isinstance(value, dict):
            section = cast("Table", value)
            keep[name] = {k: v for k, v in section.items() if (name, k) not in dropped}
    for (home, key), stand_in in kind.stand_ins.items():
        section = cast("Table", keep.setdefault(home, {}))
        section.setdefault(key, stand_in)
    return kind.model.model_validate(keep)


def _order(mistake: Mistake, merged: Merged) -> tuple[str, int]:
    origin = merged.origin(mistake.path)
    return (origin.file, origin.line or 0) if origin else ("", 0)


def _line(mistake: Mistake, merged: Merged, home: Path) -> str:
    origin = merged.origin(mistake.path) or Origin(str(home))
    return f"{origin.text}: {place(mistake.path)}: {mistake.text}"
