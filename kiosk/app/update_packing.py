"""``kiosk update pack``: a signed update out of what rpi-image-gen made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kiosk.errors import UpdateRefused
from kiosk.fleet.signing import read_private_key
from kiosk.update.packing import pack


def pack_update(
    payload: Path,
    target: Path,
    *,
    version: str,
    boards: Sequence[str],
    keys: Sequence[Path],
    passphrase: Path | None,
    ring: int,
) -> str:
    """
    Write a signed update and return what it is, in one line.

    Raises:
        UpdateRefused: An argument is not what it should be.
        ConfigError: A key is not one, or others may read it.
        OSError: A file cannot be read or written.

    """
    word = passphrase.read_bytes().rstrip(b"\r\n") if passphrase else b""
    try:
        release = pack(
            payload,
            target,
            version=version,
            boards=boards,
            created=datetime.now(UTC),
            keys=[read_private_key(path, word) for path in keys],
            ring=ring,
        )
    except ValueError as error:
        raise UpdateRefused(str(error)) from error
    sizes = ", ".join(
        f"{image.name} {image.size >> 20} MiB" for image in release.images
    )
    return f"{target}: version {version} for {' '.join(boards)} ({sizes})"
