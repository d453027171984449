"""
Signing at the operator's desk: key pairs, manifests, and archives to publish.

1. A manifest's id is made from the content: a bundle that did not change keeps its id,
   and a device that has it does nothing.  ``created`` and ring may change under one id.
2. An archive is what a web server hands out to whoever asks, so no secret goes into it
   unless the operator says that the server asks for the devices' certificates.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from kiosk.disk import Disk, put
from kiosk.errors import ConfigError, NotAsSigned
from kiosk.fleet.rendering import SECRETS
from kiosk.signed import MANIFEST, SIGNATURE, Kind, Manifest, SignedFile, read_manifest
from kiosk.signed.archive import packed
from kiosk.signed.folder import OURS, is_litter
from kiosk.signed.keys import key_id
from kiosk.signed.manifest import ALL, as_toml, checked_name
from kiosk.signed.signature import sign


_PRIVATE_KEY: Final = b"PRIVATE KEY"
_KEY_STORES: Final = (".p12", ".pfx")
_SECRET_LINE: Final = re.compile(
    rb"^[ \t]*(?:psk|wep-key\d|[\w-]*password[\w-]*?)(?<!-flags)[ \t]*=[ \t]*\S",
    re.MULTILINE,
)
"""In a connection and in TOML blanks around the sign belong to neither side."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a manifest says besides its files.

    Attributes:
        id: By default made from the content.

    """

    created: datetime
    kind: Kind = "provision"
    id: str = ""
    ring: int = ALL
    allow_older: bool = False
    about: Mapping[str, str] = field(default_factory=dict[str, str])


def make_key(
    name: str, folder: Path, passphrase: bytes = b""
) -> tuple[Path, Path, str]:
    """
    Make a key pair, ``NAME.key`` (secret) and ``NAME.pem``; return both and the id.

    Raises:
        OSError: A file of that name is there, or the folder cannot be written to.

    """
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    paths = folder / f"{name}.key", folder / f"{name}.pem"
    for path, content, mode in zip(
        paths, (private, public), (0o600, 0o644), strict=True
    ):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, mode), "wb") as file:
            file.write(content)
        Disk().sync(path)
    Disk().sync(folder)
    return *paths, key_id(key.public_key())


def read_private_key(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """
    Read a key that signs.

    Raises:
        ConfigError: It is none, others may read it, or its passphrase is another.
        OSError: It cannot be read.

    """
    content = path.read_bytes()
    if path.stat().st_mode & 0o077:
        raise ConfigError((f"{path}: others may read this key: chmod 600 {path}",))
    try:
        key = load_pem_private_key(content, passphrase or None)
    except TypeError:
        cause = "has a passphrase: --passphrase-file" if not passphrase else "has none"
        raise ConfigError((f"{path}: {cause}",)) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        cause = "is no Ed25519 key, or its passphrase is another"
        raise ConfigError((f"{path}: {cause}; `kiosk fleet key NAME` makes one",))
    return key


def sign_folder(
    folder: Path, keys: Sequence[Ed25519PrivateKey], terms: Terms
) -> Manifest:
    """
    Write a folder's manifest and signature.

    Raises:
        ConfigError: A file in it may not stand in a manifest.
        OSError: It cannot be read or written.

    """
    manifest = _manifest_of(dict(_measured(folder)), terms)
    text = as_toml(manifest)
    _replace(folder / MANIFEST, text)
    _replace(folder / SIGNATURE, sign(text, keys))
    return manifest


def archive_folder(
    folder: Path,
    path: Path,
    keys: Sequence[Ed25519PrivateKey],
    terms: Terms,
    *,
    with_secrets: bool = False,
) -> Manifest:
    """
    Write a folder's files as one signed archive, with a manifest of its own.

    Raises:
        ConfigError: A connection holds a secret that would be handed out.
        OSError: Something cannot be read or written.

    """
    measured = dict(_measured(folder))
    if not with_secrets:
        measured.pop(SECRETS, None)
    files = {name: (folder / name).read_bytes() for name in measured}
    open_secrets = [
        name for name, content in sorted(files.items()) if _is_secret(name, content)
    ]
    if open_secrets and not with_secrets:
        mistake = (
            f"{folder / open_secrets[0]}: holds a secret, and an archive is handed out "
            "to whoever asks for it; bring it by stick, or, where the web server asks "
            "for the devices' certificates, say --with-secrets"
        )
        raise ConfigError((mistake,))
    manifest = _manifest_of(measured, terms)
    text = as_toml(manifest)
    seconds = int(terms.created.timestamp())
    _replace(path, packed(text, sign(text, keys), files, seconds))
    return manifest


def _manifest_of(measured: Mapping[str, SignedFile], terms: Terms) -> Manifest:
    files = tuple(file for _, file in sorted(measured.items()))
    manifest = Manifest(
        id=terms.id or _id_of(files, terms.kind),
        created=terms.created,
        kind=terms.kind,
        files=files,
        ring=terms.ring,
        allow_older=terms.allow_older,
        about=terms.about,
    )
    try:
        return read_manifest(
            as_toml(manifest)
        )  # what no kiosk would read is not signed
    except NotAsSigned as error:
        raise ConfigError((f"not signed: {error.cause}",)) from None


def _id_of(files: Sequence[SignedFile], kind: Kind) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.sha256}\n".encode())
    return f"{kind}-{digest.hexdigest()[:16]}"


def _measured(folder: Path) -> Iterator[tuple[str, SignedFile]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ConfigError((f"{path}: is no plain file; take it out",))
        if path.is_dir() or name in OURS or is_litter(path.name):
            continue
        try:
            checked_name(name)
        except ValueError as error:
            raise ConfigError((f"{folder}: {error}",)) from None
        yield name, SignedFile(name, _sha256(path), path.stat().st_size)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_secret(name: str, content: bytes) -> bool:
    """Say whether a file of a bundle, beside its secrets, has something to hide."""
    if name.lower().endswith(_KEY_STORES) or _PRIVATE_KEY in content:
        return True
    return _SECRET_LINE.search(content) is not None


def _replace(path: Path, content: bytes) -> None:
    """Write a file that a web server may be reading, whole and on the medium."""
    put(Disk(), path, content, None)
