"""Updates for the machines of these tests, as rpi-image-gen would have made them."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kiosk.signed import SignedFile, read_manifest
from kiosk.signed.manifest import as_toml
from kiosk.update.packing import pack
from tests.signed.signer import Signer
from tests.update.machines import MIB, RaspberryPi


CREATED = datetime(2026, 11, 28, 14, tzinfo=UTC)
BOARDS = (RaspberryPi.board, "pc,x86_64")
SIGNER = Signer(1)


def image(text: str, size: int) -> bytes:
    """Return a partition's content that can be told from others."""
    return (text.encode() + b"\n").ljust(size // 2, text[-1:].encode()) + bytes(
        size - size // 2
    )


def sparse(content: bytes, block: int = 4096) -> bytes:
    """Return an image in Android's sparse form, with each kind of chunk."""
    chunks: list[bytes] = []
    for start in range(0, len(content), block):
        piece = content[start : start + block]
        if not any(piece):
            chunks.append(struct.pack("<HHII", 0xCAC3, 0, 1, 12))
        elif piece == piece[:4] * (block // 4):
            chunks.append(struct.pack("<HHII", 0xCAC2, 0, 1, 16) + piece[:4])
        else:
            chunks.append(struct.pack("<HHII", 0xCAC1, 0, 1, 12 + block) + piece)
    chunks.append(struct.pack("<HHII", 0xCAC4, 0, 0, 16) + bytes(4))
    head = struct.pack(
        "<IHHHHIIII",
        *(0xED26FF3A, 1, 0, 28, 12),
        *(block, len(content) // block, len(chunks), 0),
    )
    return head + b"".join(chunks)


def payload_of(members: Mapping[str, bytes]) -> bytes:
    """Return ``update.tar.zst`` with these members, in this order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return zstd(made.getvalue())


def zstd(content: bytes) -> bytes:
    """Compress as image-rota does."""
    return subprocess.run(
        ["zstd", "-q", "--stdout"], input=content, stdout=subprocess.PIPE, check=True
    ).stdout


def update(
    folder: Path,
    version: str = "1.4.0",
    *,
    boards: Sequence[str] = BOARDS,
    signer: Signer = SIGNER,
    size: int = 3 * MIB,
    members: Mapping[str, bytes] | None = None,
    text: str = "system",
    created: datetime = CREATED,
    ring: int = 100,
) -> Path:
    """Write an update's file and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / "update.tar.zst"
    made = members or {
        "boot": sparse(image(f"boot {version}", MIB)),
        "system": sparse(image(f"{text} {version}", size)),
    }
    packed.write_bytes(payload_of(made))
    target = folder / f"{version}.kiosk-update"
    pack(
        packed,
        target,
        version=version,
        boards=boards,
        created=created,
        ring=ring,
        keys=[signer.key],
    )
    return target


def resigned(file: Path, payload: bytes) -> Path:
    """Put another payload in, with a manifest that is right about it alone."""

    with tarfile.open(file) as tar:
        text = tar.extractfile("manifest.toml")
        assert text is not None
        manifest = read_manifest(text.read())
    name = manifest.files[0].name
    signed = SignedFile(name, hashlib.sha256(payload).hexdigest(), len(payload))
    changed = as_toml(replace(manifest, files=(signed,)))
    target = file.with_name("resigned.kiosk-update")
    members = {
        "manifest.toml": changed,
        "manifest.toml.sig": SIGNER.sign(changed),
        name: payload,
    }
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as tar:
        for member_name, content in members.items():
            member = tarfile.TarInfo(member_name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target
