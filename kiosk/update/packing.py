"""
Makes an update's file of rpi-image-gen's ``update.tar.zst``, on the builder's machine.

The images are unpacked once to learn what they are when they are written: devices
compare that, not the form they travelled in.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.errors import UpdateRefused
from kiosk.signed import MANIFEST, SIGNATURE, Manifest, SignedFile
from kiosk.signed.manifest import as_toml
from kiosk.signed.signature import sign
from kiosk.update.artefact import Part
from kiosk.update.images import unpacked
from kiosk.update.release import IMAGES, PAYLOAD, Image, Release, about_of


def pack(
    payload: Path,
    target: Path,
    *,
    version: str,
    boards: Sequence[str],
    created: datetime,
    keys: Sequence[Ed25519PrivateKey],
    ring: int = 100,
) -> Release:
    """
    Write a signed update.

    Args:
        payload: ``update.tar.zst``.
        target: The file to write; whole or not at all.
        version: Of the system, numbers parted by dots.
        boards: Which it is for, as the device tree names them.
        created: Now, in UTC.
        keys: Who signs.
        ring: Per cent of the devices that it is meant for.

    Raises:
        ValueError: Version or boards are not such.
        UpdateRefused: The payload is not what image-rota makes.
        OSError: Something cannot be read or written.

    """
    images = _measured(payload)
    release = Release(f"kiosk-{version}", version, tuple(boards), images)
    manifest = Manifest(
        id=release.id,
        created=created,
        kind="update",
        files=(_signed(payload),),
        ring=ring,
        about=about_of(release),
    )
    text = as_toml(manifest)
    scratch = target.with_name(f".{target.name}.new")
    try:
        with tarfile.open(scratch, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in ((MANIFEST, text), (SIGNATURE, sign(text, keys))):
                tar.addfile(_member(name, len(content)), io.BytesIO(content))
            with payload.open("rb") as file:
                tar.addfile(_member(PAYLOAD, os.fstat(file.fileno()).st_size), file)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return release


def _measured(payload: Path) -> tuple[Image, ...]:
    with payload.open("rb") as file:
        part = Part(file, os.fstat(file.fileno()).st_size)
        with unpacked(part) as images:
            found = {name: _image(name, blocks) for name, blocks in images}
    missing = [name for name in IMAGES if name not in found]
    if missing:
        raise UpdateRefused(
            f"{payload} holds no image {' and no image '.join(missing)}"
        )
    return tuple(found[name] for name in IMAGES)


def _image(name: str, blocks: Iterator[bytes]) -> Image:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return Image(name, digest.hexdigest(), size)


def _signed(payload: Path) -> SignedFile:
    with payload.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SignedFile(PAYLOAD, digest, payload.stat().st_size)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member
