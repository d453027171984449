"""
The manifest: one TOML text that names every file of a bundle or an update.

::

    format = 1
    id = "2026-11-28-branches"
    created = 2026-11-28T14:00:00Z
    kind = "provision"                # or "update"
    ring = 10                         # per cent of the devices; 0 halts; default 100
    allow_older = false               # true: it may take the place of a newer one

    [about]                           # facts of the kind, all of them text
    version = "1.4.0"

    [[file]]
    name = "site.toml"
    sha256 = "..."
    size = 1234

1. Pure: bytes in, values out.  Nothing in it is believed before
   :func:`kiosk.signed.signature.verify` said who signed it.
2. An unknown key is refused: a misspelt ``ring`` would reach every device.  What a
   kind needs beyond this stands in ``[about]``.
3. File names are such as every file system keeps apart and none interprets.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, Literal, cast, get_args

from kiosk.errors import NotAsSigned


Kind = Literal["provision", "update"]

FORMAT: Final = 1
MAX_BYTES: Final = 1 << 20
"""A bundle for 2000 devices has a manifest of 300 kB."""
MAX_FILES: Final = 8192
ALL: Final = 100
"""The ring, in per cent, that every device belongs to."""

_MAX_NAME = 200
_MAX_SIZE = 1 << 42
_MAX_FACTS = 64
_MAX_FACT = 1024
_NAME = "manifest.toml"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS = {"format", "id", "created", "kind", "ring", "allow_older", "about", "file"}
_FILE_KEYS = {"name", "sha256", "size"}
_OURS = {"manifest.toml", "manifest.toml.sig", "result.txt"}
_MAKE_ANEW = "have it made anew and signed with `kiosk fleet sign`"


@dataclass(frozen=True, slots=True)
class SignedFile:
    """
    One file that is vouched for.

    Attributes:
        name: Relative, with forward slashes.
        sha256: Lower-case hex.
        size: In bytes.

    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """
    What belongs together, and for whom.

    Attributes:
        id: Fit for a file name.
        created: In UTC; what is older gives way to what is newer.
        files: In the order of the text.
        ring: Per cent of the devices that it is meant for; 0: halted.
        allow_older: Whether it may take the place of a newer one.
        about: What the kind says beyond that.

    """

    id: str
    created: datetime
    kind: Kind
    files: tuple[SignedFile, ...]
    ring: int = ALL
    allow_older: bool = False
    about: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def by_name(self) -> Mapping[str, SignedFile]:
        """The files by their names."""
        return {file.name: file for file in self.files}

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def file(self, name: str) -> SignedFile:
        """
        Return what is vouched for under a name.

        Raises:
            NotAsSigned: Nothing is.

        """
        found = self.by_name.get(name)
        if found is None:
            raise NotAsSigned(name, "is not in the signed manifest", _MAKE_ANEW)
        return found


def read_manifest(content: bytes) -> Manifest:
    """
    Read a manifest; it proves nothing yet.

    Raises:
        NotAsSigned: It is not one; the text says why.

    """
    table = _parse(content)
    number = table.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise NotAsSigned(
            _NAME,
            f"is of format {number}, and this kiosk reads format {FORMAT}",
            "update the kiosk first",
        )
    try:
        return _manifest(table)
    except ValueError as error:
        raise NotAsSigned(_NAME, str(error), _MAKE_ANEW) from None


def as_toml(manifest: Manifest) -> bytes:
    """Write a manifest; the same one always gives the same bytes."""
    created = manifest.created.replace(microsecond=0, tzinfo=None)
    lines = [
        f"format = {FORMAT}",
        f'id = "{manifest.id}"',
        f"created = {created.isoformat()}Z",
        f'kind = "{manifest.kind}"',
    ]
    if manifest.ring != ALL:
        lines.append(f"ring = {manifest.ring}")
    if manifest.allow_older:
        lines.append("allow_older = true")
    if manifest.about:
        lines += ["", "[about]"]
        lines += [f'{k} = "{_escaped(v)}"' for k, v in sorted(manifest.about.items())]
    for file in sorted(manifest.files, key=lambda file: file.name):
        lines += ["", "[[file]]", f'name = "{file.name}"']
        lines += [f'sha256 = "{file.sha256}"', f"size = {file.size}"]
    return ("\n".join(lines) + "\n").encode()


def checked_name(name: str) -> str:
    """
    Return the name of a file that may stand in a manifest.

    Raises:
        ValueError: It may not; the text says why.

    """
    if len(name) > _MAX_NAME or not all(map(_PART.fullmatch, name.split("/"))):
        raise ValueError(
            f"the file name {_quoted(name)} is not allowed: letters, digits and "
            "._@+- only, folders parted by /, no part beginning with a sign"
        )
    if name.lower() in _OURS:
        raise ValueError(f"the file name {_quoted(name)} is taken")
    return name


def _parse(content: bytes) -> dict[str, object]:
    if len(content) > MAX_BYTES:
        raise NotAsSigned(_NAME, f"is larger than {MAX_BYTES >> 10} KiB", _MAKE_ANEW)
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError):  # UnicodeDecodeError and TOMLDecodeError too
        cause = "is not TOML in UTF-8 (cut off, or saved by an editor?)"
        raise NotAsSigned(_NAME, cause, "copy the bundle again") from None


def _manifest(table: Mapping[str, object]) -> Manifest:
    _only(table, _KEYS, "the manifest")
    if type(table.get("format")) is not int or table["format"] != FORMAT:
        raise ValueError(f"format must be {FORMAT}")
    return Manifest(
        id=_matching(table, "id", _ID),
        created=_time(table.get("created")),
        kind=_kind(table.get("kind")),
        files=tuple(_files(table.get("file"))),
        ring=_whole(table.get("ring", ALL), "ring", ALL),
        allow_older=_truth(table.get("allow_older", False)),
        about=_facts(table.get("about", {})),
    )


def _files(tables: object) -> Iterator[SignedFile]:
    listed = cast("list[object]", tables) if isinstance(tables, list) else []
    if not 0 < len(listed) <= MAX_FILES:
        raise ValueError(f"[[file]] must name 1 to {MAX_FILES} files")
    taken: set[str] = set()
    for entry in listed:
        if not isinstance(entry, dict):
            raise ValueError("file must be a section: [[file]] on a line of its own")  # noqa: TRY004 -- read_manifest words it
        table = cast("dict[str, object]", entry)
        _only(table, _FILE_KEYS, "[[file]]")
        name = checked_name(_text(table, "name"))
        if name.lower() in taken:  # FAT, of which USB sticks are, keeps no case
            raise ValueError(f"the file {_quoted(name)} is named twice")
        taken.add(name.lower())
        size = _whole(table.get("size"), "size", _MAX_SIZE)
        yield SignedFile(name, _matching(table, "sha256", _SHA256), size)


def _only(table: Mapping[str, object], known: set[str], where: str) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise ValueError(f"{where} has an unknown key: {_quoted(unknown[0])}")


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise ValueError(f'{key} must be text in "quotes"')  # noqa: TRY004 -- read_manifest words it
    return value


def _matching(table: Mapping[str, object], key: str, form: re.Pattern[str]) -> str:
    value = _text(table, key)
    if not form.fullmatch(value):
        raise ValueError(f"{key} does not look like one")
    return value


def _time(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("created must be a time such as 2026-11-28T14:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first and the last day that there are
        raise ValueError("created is no time that can be") from None


def _kind(value: object) -> Kind:
    if value not in get_args(Kind):
        raise ValueError('kind must be "provision" or "update"')
    return cast("Kind", value)


def _whole(value: object, key: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{key} must be a whole number from 0 to {most}")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("allow_older must be true or false")  # noqa: TRY004 -- read_manifest words it
    return value


def _facts(value: object) -> Mapping[str, str]:
    facts = cast("dict[str, object]", value) if isinstance(value, dict) else None
    if facts is None or len(facts) > _MAX_FACTS:
        raise ValueError(f"[about] must be a section of at most {_MAX_FACTS} keys")
    for key, fact in facts.items():
        is_short = isinstance(fact, str) and len(fact) <= _MAX_FACT
        if not is_short or not _ID.fullmatch(key) or "." in key:
            raise ValueError(f"[about] {_quoted(key)} must be a short text")
    return cast("dict[str, str]", facts)


def _quoted(text: str) -> str:
    return ascii(text[:80])


def _escaped(text: str) -> str:
    return "".join(
        c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text
    )
