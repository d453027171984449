"""
Whom this machine believes: public keys, one PEM file each.

``/usr/lib/kiosk/keys`` has those an image came with, ``/etc/kiosk/keys`` the
operator's.  By the rules of configuration files: of two with one name that in
``/etc`` counts, and an empty file or a link to ``/dev/null`` there takes a key out of
use.  A file that is no key makes nobody trusted, and is said where it matters: when
nobody known signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)


FOLDERS: Final = ("usr/lib/kiosk/keys", "etc/kiosk/keys")
_SUFFIX = ".pem"
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and the name of its file."""

    name: str
    id: str
    key: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """
    All keys that this machine believes.

    Attributes:
        keys: In the order of their names; any one suffices.
        mistakes: A line for each file that is no key.

    """

    keys: tuple[TrustedKey, ...]
    mistakes: tuple[str, ...] = ()

    def by_id(self, wanted: str) -> Sequence[TrustedKey]:
        """Return the keys with an id, of which there is one or none."""
        return [key for key in self.keys if key.id == wanted]

    @property
    def whom(self) -> str:
        """Whom an unknown key is not among."""
        if not self.keys:
            return "and this kiosk trusts no key at all"
        names = ", ".join(f"{key.id} ({key.name})" for key in self.keys)
        return f"and this kiosk trusts only {names}"

    @property
    def cure(self) -> str:
        """What to do about an unknown key."""
        cure = "sign with one of those, or put the signer's .pem into /etc/kiosk/keys"
        return "; ".join([cure, *self.mistakes])


def read_keys(root: Path = Path("/")) -> TrustedKeys:
    """Read the keys below ``root``; one that cannot be read is a mistake, no error."""
    files: dict[str, Path] = {}
    for folder in FOLDERS:
        files.update({path.name: path for path in _list(root / folder)})
    keys: list[TrustedKey] = []
    mistakes: list[str] = []
    for name, path in sorted(files.items()):
        try:
            content = _content(path)
            if content:
                keys.append(trusted(name, content))
        except (OSError, ValueError) as error:
            words = error.strerror if isinstance(error, OSError) else str(error)
            mistakes.append(f"{path}: {words}")
    return TrustedKeys(tuple(keys), tuple(mistakes))


def trusted(name: str, pem: bytes) -> TrustedKey:
    """
    Return the key of a PEM text.

    Raises:
        ValueError: It is no Ed25519 public key.

    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is no Ed25519 public key in PEM; `kiosk fleet key` makes one")  # noqa: TRY004 -- the file is wrong, not the program
    return TrustedKey(name, key_id(key), key)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the first 16 hex digits of a public key's SHA-256."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _list(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except FileNotFoundError:
        return


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("is too long for a key")
    return content
