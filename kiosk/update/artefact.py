"""
An update's file: a tar whose manifest is verified before anything else is read.

A web server offers the members as files of one folder: such a folder will do as well.

Only the three members that :mod:`kiosk.update` names are looked at, each by its plain
header: what an archive can do beyond that (links, long names, extensions) is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tarfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from kiosk.errors import NotAsSigned, UpdateRefused
from kiosk.signed import MANIFEST, SIGNATURE, Manifest, TrustedKeys, verify
from kiosk.update.release import PAYLOAD, Release, release_of
from kiosk.update.sparse import BLOCK


SUFFIX: Final = ".kiosk-update"

_LARGEST: Final = {MANIFEST: 1 << 20, SIGNATURE: 1 << 16}
_AGAIN = "copy or download it again"


class Part:
    """One member of the file, from here on; ends where the member does."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, or fewer at the end of the member."""
        found = self._file.read(min(size, self._left))
        self._left -= len(found)
        return found


@dataclass(frozen=True, slots=True)
class Artefact:
    """
    An update whose manifest somebody trusted signed.

    Attributes:
        manifest: What is signed.
        release: What it says of the system.

    """

    manifest: Manifest
    release: Release
    _file: BinaryIO
    _start: int

    @property
    def payload(self) -> Part:
        """The images, packed, from their begin; one reader at a time."""
        self._file.seek(self._start)
        return Part(self._file, self.manifest.file(PAYLOAD).size)

    def check_payload(self) -> None:
        """
        Read all of it; returns if it is what was signed.

        Raises:
            NotAsSigned: It is damaged or cut off.

        """
        digest = hashlib.sha256()
        payload = self.payload
        while block := payload.read(BLOCK):
            digest.update(block)
        if digest.hexdigest() != self.manifest.file(PAYLOAD).sha256:
            raise NotAsSigned(PAYLOAD, "is damaged or cut off", _AGAIN)


@contextlib.contextmanager
def opened(path: Path, keys: TrustedKeys) -> Generator[Artefact]:
    """
    Open an update: its file, or the folder that its file was unpacked into.

    Raises:
        NotAsSigned: Nobody trusted signed it.
        UpdateRefused: It is no update.
        OSError: It cannot be read.

    """
    if path.is_dir():
        manifest = verify(_whole(path, MANIFEST), _whole(path, SIGNATURE), keys)
        with (path / PAYLOAD).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            yield _artefact(manifest, file, 0, size)
        return
    with path.open("rb") as file:
        text = _small(file, MANIFEST)
        manifest = verify(text, _small(file, SIGNATURE), keys)
        size = _header(file, PAYLOAD)
        yield _artefact(manifest, file, file.tell(), size)


def _artefact(manifest: Manifest, file: BinaryIO, start: int, size: int) -> Artefact:
    release = release_of(manifest)
    if size != manifest.file(PAYLOAD).size:
        cause = f"has {size} bytes; {manifest.file(PAYLOAD).size} are signed"
        raise NotAsSigned(PAYLOAD, cause, _AGAIN)
    return Artefact(manifest, release, file, start)


def _whole(folder: Path, name: str) -> bytes:
    with (folder / name).open("rb") as file:
        content = file.read(_LARGEST[name] + 1)
    if len(content) > _LARGEST[name]:
        raise _no_update(f"its {name} is too large")
    return content


def _small(file: BinaryIO, name: str) -> bytes:
    size = _header(file, name)
    if size > _LARGEST[name]:
        raise _no_update(f"its {name} is too large")
    content = file.read(size)
    file.seek(-size % tarfile.BLOCKSIZE, 1)
    if len(content) != size:
        raise _no_update(f"its {name} is cut off")
    return content


def _header(file: BinaryIO, name: str) -> int:
    try:
        found = tarfile.TarInfo.frombuf(
            file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape"
        )
    except tarfile.HeaderError:
        raise _no_update(f"there is no {name} in it") from None
    if found.name != name or found.type != tarfile.REGTYPE or found.size < 0:
        raise _no_update(f"there is no {name} where it should be")
    return found.size


def _no_update(why: str) -> UpdateRefused:
    return UpdateRefused(f"this is no {SUFFIX} file, or a damaged one: {why}; {_AGAIN}")
