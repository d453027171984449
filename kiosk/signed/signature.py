"""
Who vouches for a manifest: detached Ed25519 signatures (RFC 8032).

A signature file has one line for each key that signed::

    ed25519 3f2a9c0d11e4b7aa <64 bytes in base64>

The second word is the key's id, :func:`~kiosk.signed.keys.key_id`.  While a fleet goes over from one key
to the next its manifests carry a line of both; one line by a trusted key suffices.
What is signed is the manifest's bytes as they are, so that OpenSSL judges it too
(``openssl pkeyutl -verify -rawin``).  Pure; no key is read from anywhere here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from kiosk.errors import NotAsSigned
from kiosk.signed.keys import TrustedKeys, key_id
from kiosk.signed.manifest import Manifest, read_manifest


MAX_SIGNATURES: Final = 8
MAX_BYTES: Final = 2048

_NAME = "manifest.toml.sig"
_LINE = re.compile(r"ed25519 ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)")


@dataclass(frozen=True, slots=True)
class _Line:
    key_id: str
    signature: bytes


def verify(manifest: bytes, signature: bytes, keys: TrustedKeys) -> Manifest:
    """
    Return a manifest that a trusted key signed.

    Raises:
        NotAsSigned: The signature is by nobody trusted, or of something else, or the
            manifest is none.

    """
    lines = _read(signature)
    known = [(line, key) for line in lines for key in keys.by_id(line.key_id)]
    if not known:
        names = ", ".join(line.key_id for line in lines)
        raise NotAsSigned(_NAME, f"is by the key {names}, {keys.whom}", keys.cure)
    if not any(_is_good(key.key, line.signature, manifest) for line, key in known):
        raise NotAsSigned(
            "manifest.toml",
            f"is not what the key {known[0][0].key_id} signed: it was altered or cut off",
            "copy or download the bundle again",
        )
    return read_manifest(manifest)


def sign(manifest: bytes, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """Return the signature file of a manifest, a line for each key."""
    lines = (
        f"ed25519 {key_id(key.public_key())} "
        f"{base64.b64encode(key.sign(manifest)).decode()}\n"
        for key in keys
    )
    return "".join(lines).encode()


def _read(content: bytes) -> list[_Line]:
    try:
        text = content.decode("ascii") if len(content) <= MAX_BYTES else ""
        # CRLF: a technician's editor or a mail may have brought it
        found = [
            _LINE.fullmatch(line.rstrip("\r")) for line in text.split("\n") if line
        ]
        lines = [_Line(m[1], base64.b64decode(m[2], validate=True)) for m in found if m]
        is_whole = 0 < len(lines) == len(found) <= MAX_SIGNATURES
    except (UnicodeDecodeError, binascii.Error):
        lines, is_whole = [], False
    if not is_whole:
        raise NotAsSigned(
            _NAME, "is no signature file", "have it signed with `kiosk fleet sign`"
        )
    return lines


def _is_good(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True
