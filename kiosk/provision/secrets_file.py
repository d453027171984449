"""
``secrets.toml``: the secrets of one device, on their way from the stick to its store.

Sections and keys are those of the settings they fill; each becomes a credential of
systemd.  No value is ever repeated in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from kiosk.config.credentials import KIOSK, STORE, Credential
from kiosk.config.documents import Document, Unreadable, printable, read_document
from kiosk.provision.sets import PlacedFile


_MODE = 0o600
_BEGINS = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class SecretsRead:
    """
    What is in the file.

    Attributes:
        files: The credentials.
        lines: Where in the file each stands, by its place.
        mistakes: One line each.

    """

    files: tuple[PlacedFile, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    mistakes: tuple[str, ...] = ()


def read_secrets_file(path: Path) -> SecretsRead:
    """Return the credentials in a file, and what is wrong with it."""
    try:
        document = read_document(path)
    except Unreadable as error:
        return SecretsRead(mistakes=(str(error),))
    lines: dict[str, int] = {}
    known = {one.path: one for one in KIOSK}
    files: list[PlacedFile] = []
    mistakes: list[str] = []
    for section, key, value in _entries(document, mistakes):
        one = known.get((section, key))
        if one is None:
            mistakes.append(_line(document, (section, key), _unknown(section, key)))
        elif problem := _problem(one, value):
            mistakes.append(_line(document, (section, key), problem))
        else:
            content = f"{str(value).rstrip()}\n".encode()
            files.append(PlacedFile(f"{STORE}/{one.name}", content, _MODE))
            lines[files[-1].place] = document.lines.get((section, key), 1)
    if not files and not mistakes:
        mistakes.append(f"{path}: holds no secret; write some, or remove the file")
    return SecretsRead(tuple(files), lines, tuple(mistakes))


def _entries(
    document: Document, mistakes: list[str]
) -> Iterator[tuple[str, str, object]]:
    for section, keys in document.table.items():
        if isinstance(keys, dict):
            for key, value in cast("dict[str, object]", keys).items():
                yield section, key, value
        else:
            text = "stands outside a section; e.g. [room] and below it enrolment_key"
            mistakes.append(_line(document, (section,), text))


def _unknown(section: str, key: str) -> str:
    names = {f"[{one.section}] {one.key}": one for one in KIOSK}
    near = get_close_matches(f"[{section}] {key}", names, n=1)
    if near:
        return f"no such secret; did you mean {near[0]}?"
    return f"no such secret; there are: {', '.join(names)}"


def _problem(one: Credential, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        return 'must be text in "quotes"'
    if one.is_file:
        if not value.lstrip().startswith(_BEGINS):
            return 'must be the whole PEM text between """ and """'
        return ""
    return "" if value.isprintable() else "must be one line of text"


def _line(document: Document, path: tuple[str, ...], text: str) -> str:
    section, *keys = map(printable, path)
    name = f"[{section}] {keys[0]}" if keys else section
    return f"{document.file}:{document.lines.get(path, 1)}: {name}: {text}"
