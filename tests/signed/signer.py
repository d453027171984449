"""A signer with a key, and manifests and folders to sign."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.signed.keys import TrustedKeys, trusted
from kiosk.signed.manifest import Manifest, SignedFile, as_toml
from kiosk.signed.signature import sign


CREATED = datetime(2026, 11, 28, 14, tzinfo=UTC)
FILES: Mapping[str, bytes] = {
    "site.toml": b'[room]\nserver = "https://rooms.example.org"\n',
    "devices/10000000abcdef01.toml": b'[kiosk]\nname = "Window 1"\n',
}


class Signer:
    """Somebody with a key, always the same one for the same number."""

    def __init__(self, number: int = 1) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.pem = self.key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self.trusted = trusted(f"signer-{number}.pem", self.pem)

    def sign(self, manifest: bytes) -> bytes:
        return sign(manifest, [self.key])


def trusting(*signers: Signer) -> TrustedKeys:
    return TrustedKeys(tuple(signer.trusted for signer in signers))


def manifest_of(files: Mapping[str, bytes] = FILES, **more: object) -> Manifest:
    listed = tuple(
        SignedFile(name, hashlib.sha256(content).hexdigest(), len(content))
        for name, content in sorted(files.items())
    )
    given: dict[str, object] = {"id": "spring", "created": CREATED, "kind": "provision"}
    return Manifest(**(given | {"files": listed} | more))  # type: ignore[arg-type]


def text_of(files: Mapping[str, bytes] = FILES, **more: object) -> bytes:
    return as_toml(manifest_of(files, **more))


def laid_out(folder: Path, files: Mapping[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
