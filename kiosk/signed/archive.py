"""
A bundle as one tar: manifest, signature and files, for whoever fetches it by URL.

Written so that the same files give the same bytes; read without believing any of it:

1. The manifest and its signature come first, and nothing behind them is looked at
   before they were judged.
2. A member is a plain file that the manifest names, once, in its size.  Links,
   devices, folders, absolute names and ``..`` are no such files.
3. Files are made, never overwritten, below one fresh folder, and checked there.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from kiosk.errors import NotAsSigned
from kiosk.signed.folder import check_folder
from kiosk.signed.manifest import MAX_BYTES, Manifest
from kiosk.signed.signature import MAX_BYTES as MAX_SIGNATURE


MAX_ARCHIVE: Final = 32 << 20
"""Bytes of a whole bundle; logos and voices are the largest files in one."""

_MANIFEST = "manifest.toml"
_SIGNATURE = "manifest.toml.sig"
_NAME = "the archive"
_AGAIN = "download it again; if it stays so, have it made anew with `kiosk fleet sign`"


def packed(
    manifest: bytes, signature: bytes, files: Mapping[str, bytes], seconds: int
) -> bytes:
    """
    Return a bundle as one archive.

    Args:
        manifest: As it is signed.
        signature: Of it.
        files: By name.
        seconds: Unix time that all of them bear.

    """
    out = io.BytesIO()
    members = {
        _MANIFEST: manifest,
        _SIGNATURE: signature,
        **dict(sorted(files.items())),
    }
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), seconds, 0o600
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Archive:
    """
    An archive that is read once, from front to back.

    Args:
        path: A file of this process alone.

    Raises:
        NotAsSigned: It is none, or does not begin with manifest and signature.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        head = self._read({_MANIFEST: MAX_BYTES, _SIGNATURE: MAX_SIGNATURE})
        self.manifest, self.signature = head

    def unpack(self, manifest: Manifest, folder: Path) -> None:
        """
        Lay out its files in a fresh folder, and manifest and signature with them.

        Args:
            manifest: What was verified of this archive.
            folder: Made here; it must not exist.

        Raises:
            NotAsSigned: A member is none of the manifest's, or not as signed.

        """
        if manifest.size > MAX_ARCHIVE:
            cause = f"names {manifest.size} bytes; {MAX_ARCHIVE} are the most"
            raise NotAsSigned(_MANIFEST, cause, "take files out of the bundle")
        folder.mkdir(mode=0o700)
        self._each(lambda name, size: _expect(manifest, name, size), folder)
        check_folder(manifest, folder)

    def _read(self, wanted: Mapping[str, int]) -> list[bytes]:
        found: list[bytes] = []
        with _opened(self._path) as tar:
            for name, limit in wanted.items():
                member = _next(tar)
                if member is None or not member.isreg() or member.name != name:
                    raise NotAsSigned(_NAME, f"does not begin with {name}", _AGAIN)
                if member.size > limit:
                    raise NotAsSigned(name, "is too large", _AGAIN)
                found.append(_content(tar, member))
        return found

    def _each(self, expect: Callable[[str, int], None], folder: Path) -> None:
        with _opened(self._path) as tar:
            while (member := _next(tar)) is not None:
                if not member.isreg():
                    raise NotAsSigned(_NAME, "holds what is no plain file", _AGAIN)
                expect(member.name, member.size)
                _place(folder / member.name, _content(tar, member))


def _expect(manifest: Manifest, name: str, size: int) -> None:
    limits = {_MANIFEST: MAX_BYTES, _SIGNATURE: MAX_SIGNATURE}
    if name not in limits and size != manifest.file(name).size:
        raise NotAsSigned(name, "is not of the size that is signed", _AGAIN)


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode="r:")  # never compressed: no bombs
    except (tarfile.TarError, EOFError):
        raise NotAsSigned(_NAME, "is no tar file", _AGAIN) from None


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except (tarfile.TarError, EOFError, ValueError):
        raise NotAsSigned(_NAME, "is damaged or cut off", _AGAIN) from None


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    reader = tar.extractfile(member)
    assert reader is not None, "a plain file has content"
    try:
        return reader.read()
    except tarfile.TarError:
        raise NotAsSigned(member.name, "is cut off", _AGAIN) from None


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise NotAsSigned(path.name, "is in the archive twice", _AGAIN) from None
