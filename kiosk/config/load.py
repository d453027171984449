"""
A configuration from its files: every mistake at once, or values with their origins.

1. Nothing is logged, printed or remembered here; the root directory is an
   argument.
2. What is usable of a wrong configuration is returned too
   (:func:`examine_kiosk`): a kiosk with a typing slip still has a display to
   say so on, and a control socket to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, cast

from pydantic import ValidationError

from kiosk.config import credentials, layers
from kiosk.config.credentials import Credential, read_secrets, without_secrets
from kiosk.config.documents import (
    Document,
    Merged,
    Origin,
    Table,
    Unreadable,
    merge,
    read_document,
)
from kiosk.config.layers import LAYERS, FileNames, Layered, find_files
from kiosk.config.lines import KeyPath
from kiosk.config.mistakes import Mistake, describe, place
from kiosk.config.rules import Breach, kiosk_breaches, server_breaches
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section
from kiosk.config.server_schema import ServerConfig
from kiosk.config.synthetic import told_of_synthetic
from kiosk.config.versions import Versions
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
        notices: What a person should know who is told of no mistake, one line each.

    """

    config: _C_co
    origins: Mapping[KeyPath, Origin]
    files: tuple[Path, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind(Generic[_C]):
    """What sets the two configurations apart."""

    model: type[_C]
    names: FileNames
    breaches: Callable[[_C], Iterator[Breach]]
    told: Callable[[_C, Mapping[KeyPath, Origin]], Iterator[str]]
    stand_ins: Mapping[tuple[str, str], object]
    secrets: tuple[Credential, ...]
    versions: Versions
    blank: str = ""
    """What to do where nobody configured anything yet."""


@dataclass(slots=True)
class _Gathered:
    """
    What the files hold, before anybody looks whether it is right.

    Attributes:
        documents: One for each file that can be read, secrets taken out.
        lines: What is wrong with files as such, and with secrets in them.
        is_complete: Whether all files could be read.
        misplaced: Settings whose secret stands in a file.
        notices: What was read in another way than it stands there.

    """

    documents: list[Document] = field(default_factory=list[Document])
    lines: list[str] = field(default_factory=list[str])
    is_complete: bool = True
    misplaced: set[KeyPath] = field(default_factory=set[KeyPath])
    notices: list[str] = field(default_factory=list[str])


def _nothing(_: ServerConfig, __: Mapping[KeyPath, Origin]) -> Iterator[str]:
    yield from ()


_KIOSK = _Kind(
    KioskConfig,
    layers.KIOSK,
    kiosk_breaches,
    told_of_synthetic,
    {("room", "server"): _NOWHERE},
    credentials.KIOSK,
    Versions(),
    "put in a USB stick labelled KIOSK, or write /etc/kiosk/kiosk.toml",
)
_SERVER = _Kind(
    ServerConfig,
    FileNames("server.toml", "server.d"),
    server_breaches,
    _nothing,
    {},
    credentials.SERVER,
    Versions(),
)


def load_kiosk(
    file: Path | None = None,
    *,
    root: Path = ROOT,
    overrides: Overrides | None = None,
) -> Loaded[KioskConfig]:
    """
    Load the kiosk's configuration.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.
        overrides: Values from the command line, by section and key.

    Raises:
        ConfigError: With every mistake in it.

    """
    return _or_raise(*_examine(_KIOSK, file, root, overrides or {}))


def examine_kiosk(
    file: Path | None = None,
    *,
    root: Path = ROOT,
    overrides: Overrides | None = None,
    to_run: bool = False,
) -> tuple[Loaded[KioskConfig], ConfigError | None]:
    """
    Load what can be used of the kiosk's configuration, and say what is wrong.

    Wrong keys have their defaults, and a wrong or missing server is replaced by
    an address of this machine that answers nothing.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.
        overrides: Values from the command line, by section and key.
        to_run: The kiosk itself is started: a secret that it may not read is none.

    """
    return _examine(_KIOSK, file, root, overrides or {}, to_run=to_run)


def kiosk_mistakes(table: Table) -> Sequence[Mistake]:
    """Return what is wrong with a kiosk's whole configuration, given as a table."""
    return _judge(_KIOSK, table, frozenset())[1]


def load_server(
    file: Path | None = None,
    *,
    root: Path = ROOT,
    overrides: Overrides | None = None,
    to_run: bool = False,
) -> Loaded[ServerConfig]:
    """
    Load the room server's configuration.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.
        overrides: Values from the command line, by section and key.
        to_run: The server itself is started: a secret that it may not read is none.

    Raises:
        ConfigError: With every mistake in it.

    """
    return _or_raise(*_examine(_SERVER, file, root, overrides or {}, to_run=to_run))


def _or_raise(loaded: Loaded[_C], problem: ConfigError | None) -> Loaded[_C]:
    if problem is not None:
        raise problem
    return loaded


def _examine(
    kind: _Kind[_C],
    file: Path | None,
    root: Path,
    overrides: Overrides,
    *,
    to_run: bool = False,
) -> tuple[Loaded[_C], ConfigError | None]:
    found = Layered((file,), ()) if file else find_files(kind.names, root)
    gathered = _gather(kind, found, overrides)
    secrets = read_secrets(
        kind.secrets, root, only_given=file is not None, to_run=to_run
    )
    # Above the files; only what a person types for one start is higher.
    from_files = [one for one in gathered.documents if one.file != COMMAND_LINE]
    typed = [one for one in gathered.documents if one.file == COMMAND_LINE]
    merged = merge([*from_files, *secrets.documents, *typed])
    unknown = secrets.unknown | gathered.misplaced
    config, mistakes = _judge(kind, merged.table, unknown)
    home = _home(gathered, found, root, kind.names)
    lines = [*gathered.lines, *secrets.mistakes]
    lines += [
        _line(mistake, merged, home)
        for mistake in sorted(mistakes, key=lambda found: _order(found, merged))
        # A key may be missing only because its file could not be read.
        if gathered.is_complete or mistake.path in merged.origins
    ]
    if lines and kind.blank and not _is_anybodys(found.files, root):
        lines.insert(0, kind.blank)
    # Who names a file on the command line tries something out, and no branch sees it.
    of_devices = () if file or lines else kind.told(config, merged.origins)
    notices = (*gathered.notices, *secrets.notices, *of_devices)
    loaded = Loaded(config, merged.origins, found.files, notices)
    return loaded, ConfigError(tuple(lines)) if lines else None


def _is_anybodys(files: tuple[Path, ...], root: Path) -> bool:
    """Return whether anybody but the vendor configured something."""
    vendor = root / LAYERS[0]
    return any(not path.is_relative_to(vendor) for path in files)


def _gather(kind: _Kind[_C], found: Layered, overrides: Overrides) -> _Gathered:
    gathered = _Gathered(lines=list(found.mistakes), is_complete=not found.mistakes)
    for path in found.files:
        try:
            migrated = kind.versions.read(read_document(path))
        except Unreadable as error:
            gathered.lines.append(str(error))
            gathered.is_complete = False
        else:
            gathered.notices += migrated.notices
            _add(gathered, migrated.document, kind.secrets)
    if overrides:
        given = {name: dict(keys) for name, keys in overrides.items()}
        typed = Document(COMMAND_LINE, cast("Table", given))
        _add(gathered, typed, kind.secrets)
    return gathered


def _add(
    gathered: _Gathered, document: Document, table: tuple[Credential, ...]
) -> None:
    rest, misplaced = without_secrets(document, table)
    gathered.documents.append(rest)
    for path, text in misplaced:
        where = Origin(document.file, document.lines.get(path))
        gathered.lines.append(f"{where.text}: {place(path)}: {text}")
        gathered.misplaced.add(path)


def _judge(
    kind: _Kind[_C], table: Table, unknown: frozenset[KeyPath]
) -> tuple[_C, list[Mistake]]:
    """Return a valid configuration, and what had to be left out for it."""
    mistakes: list[Mistake] = []
    try:
        config = kind.model.model_validate(table)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        mistakes = describe(errors, kind.model, table)
        config = _without(kind, table, [found["loc"] for found in errors])
    wrong = {mistake.path[:2] for mistake in mistakes} | unknown
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


def _home(gathered: _Gathered, found: Layered, root: Path, names: FileNames) -> Origin:
    """
    Return where something that is missing is to be written: at the main file's end.

    Beside a main file of the vendor's it is a drop-in: the next package takes away
    what is written in that file, and a main file above it loses what the vendor wrote.
    """
    own, vendor = root / LAYERS[-1], root / LAYERS[0]
    files = [path for path in found.files if path != vendor / names.defaults]
    if not files:
        return Origin(str(own / names.main))
    if files[0].is_relative_to(vendor):
        return Origin(str(own / names.drop_ins / "60-site.toml"))
    first = str(files[0])
    ends = (one.last_line for one in gathered.documents if one.file == first)
    return Origin(first, next(ends, None))


def _line(mistake: Mistake, merged: Merged, home: Origin) -> str:
    origin = merged.origin(mistake.path) or home
    return f"{origin.text}: {place(mistake.path)}: {mistake.text}"
