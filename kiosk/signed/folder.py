"""
Whether files are those that a manifest vouches for.

Whoever uses a file after it was checked must use a copy that nobody else can write
to, or the check is worth nothing: copy first, then check the copy.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from kiosk.errors import NotAsSigned, words_of
from kiosk.signed.manifest import Manifest


OURS: Final = frozenset({"manifest.toml", "manifest.toml.sig", "RESULT.txt"})
"""Names in a folder that no manifest lists."""

_BLOCK = 1 << 20
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_AGAIN = "copy or download it again"


def check_folder(manifest: Manifest, folder: Path) -> None:
    """
    Let pass a folder that holds exactly what is signed.

    What desktops leave behind (``.DS_Store``, ``._site.toml``) is overlooked, for
    nobody reads it.

    Raises:
        NotAsSigned: A file is missing, altered, or not in the manifest.

    """
    for name in sorted(manifest.by_name.keys()):
        check_file(manifest, name, folder / name)
    for name in _names(folder, ""):
        if name not in manifest.by_name:
            raise NotAsSigned(
                name, "is there, but the manifest does not name it", "remove it"
            )


def check_file(manifest: Manifest, name: str, path: Path) -> None:
    """
    Let pass a file that is what the manifest says of ``name``.

    Raises:
        NotAsSigned: It is missing, no file, of another size or content.

    """
    signed = manifest.file(name)
    try:
        with _opened(path) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise NotAsSigned(name, "is no regular file", _AGAIN)
            if facts.st_size != signed.size:
                cause = f"has {facts.st_size} bytes; {signed.size} are signed"
                raise NotAsSigned(name, cause, _AGAIN)
            found = _sha256(file)
    except FileNotFoundError:
        raise NotAsSigned(name, "is missing", _AGAIN) from None
    except OSError as error:
        raise NotAsSigned(name, f"cannot be read: {words_of(error)}", _AGAIN) from None
    if found != signed.sha256:
        raise NotAsSigned(name, "is not the file that was signed", _AGAIN)


def is_litter(name: str) -> bool:
    """Return whether desktops leave a file of this name behind; nobody reads it."""
    return name in _LITTER or name.startswith("._")


def _opened(path: Path) -> BinaryIO:
    # A link could lead elsewhere by the time it is used, and a FIFO would never end.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags), "rb")


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _names(folder: Path, prefix: str) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _names(Path(entry.path), f"{name}/")
        elif name not in OURS and not is_litter(entry.name):
            yield name
