"""Finds the parts of a root: installed Debian packages and unpacked Python wheels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Final


_STATUS: Final = Path("var/lib/dpkg/status")
_DOCUMENTS: Final = Path("usr/share/doc")
_WHEELS: Final = (
    "usr/lib/kiosk/wheels/*/*.dist-info/METADATA",
    "usr/local/lib/python3*/dist-packages/*.dist-info/METADATA",
)
_LICENCE: Final = re.compile(r"^License:[ \t]*(\S[^\n]*)$", re.MULTILINE)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*")
_JOINING: Final = frozenset({"and", "or", "with", "exception"})


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """
    One thing that was put into the root.

    Attributes:
        name: Of the package or the distribution.
        version: Its version.
        kind: ``deb`` or ``pypi``.
        architecture: Debian's word; empty for a wheel.
        source: The source package with its version, where it is another one.
        licences: Short names, as the part itself gives them; empty if it does not in a
            form that a machine reads.
        copyright: The file in the root that has the terms, empty if there is none.

    """

    name: str
    version: str
    kind: str
    architecture: str = ""
    source: str = ""
    licences: Sequence[str] = ()
    copyright: str = ""


def parts(root: Path) -> list[Part]:
    """Return all parts of a root, sorted by name."""
    return sorted((*_packages(root), *_distributions(root)))


def _packages(root: Path) -> Iterator[Part]:
    text = (root / _STATUS).read_text(encoding="utf-8")
    for stanza in text.split("\n\n"):
        fields = HeaderParser().parsestr(stanza)
        if fields.get("Status", "").split()[-1:] != ["installed"]:
            continue
        name = fields["Package"]
        told = _DOCUMENTS / name / "copyright"
        yield Part(
            name=name,
            version=fields["Version"],
            kind="deb",
            architecture=fields["Architecture"],
            source=fields.get("Source", ""),
            licences=_named(_inside(root, told)),
            copyright=f"/{told}" if _inside(root, told) else "",
        )


def _inside(root: Path, path: Path) -> str:
    """Return a file's text; links are followed inside the root only."""
    place = root / path
    for _ in range(8):
        folder = place.parent
        if folder.is_symlink():
            place = _target(root, folder) / place.name
        elif place.is_symlink():
            place = _target(root, place)
        else:
            break
    return (
        place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    )


def _target(root: Path, link: Path) -> Path:
    target = link.readlink()
    return (
        root / target.relative_to("/") if target.is_absolute() else link.parent / target
    )


def _named(text: str) -> tuple[str, ...]:
    found = {
        word.rstrip(".,")
        for line in _LICENCE.findall(text)
        for word in _NAME.findall(line)
    }
    return tuple(sorted(word for word in found if word.lower() not in _JOINING))


def _distributions(root: Path) -> Iterator[Part]:
    for pattern in _WHEELS:
        for path in root.glob(pattern):
            fields = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
            said = fields.get("License-Expression") or fields.get("License") or ""
            terms = sorted(path.parent.rglob("LICEN[CS]E*"))
            yield Part(
                name=fields["Name"],
                version=fields["Version"],
                kind="pypi",
                licences=(said.splitlines()[0],) if said else (),
                copyright=f"/{terms[0].relative_to(root)}" if terms else "",
            )
