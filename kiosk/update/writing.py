"""
Brings one image to a partition, and knows that it arrived.

Written in blocks, brought to the medium, then read back from the medium: what the
kernel still has in memory is dropped before.  A partition that is damaged or lies is
found here, and not by the boot that follows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from kiosk.errors import UpdateFailed, words_of
from kiosk.update.release import Image
from kiosk.update.slots import open_target
from kiosk.update.sparse import BLOCK


def write_image(path: Path, image: Image, blocks: Iterable[bytes]) -> None:
    """
    Write an image to a partition of the slot that does not run, and read it back.

    Raises:
        UpdateFailed: It is not what was signed, or not what was written.
        UpdateRefused: The partition is in use, or the image is not one.

    """
    descriptor = open_target(path)
    try:
        _write(descriptor, path, image, blocks)
        os.fsync(descriptor)
        _compare(descriptor, path, image)
    except OSError as error:
        raise UpdateFailed(f"{path}: {words_of(error)}") from error
    finally:
        os.close(descriptor)


def holds(path: Path, image: Image) -> bool:
    """Return whether a partition holds an image already, read from the medium."""
    descriptor = open_target(path)
    try:
        return _sum(descriptor, image.size) == image.sha256
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _write(descriptor: int, path: Path, image: Image, blocks: Iterable[bytes]) -> None:
    digest, left = hashlib.sha256(), image.size
    for block in blocks:
        left -= len(block)
        if left < 0:
            break
        digest.update(block)
        view = memoryview(block)
        while view:
            view = view[os.write(descriptor, view) :]
    if left or digest.hexdigest() != image.sha256:
        raise UpdateFailed(
            f"the image for {path.name} is not the one that was signed; "
            "copy or download the update again"
        )


def _compare(descriptor: int, path: Path, image: Image) -> None:
    if _sum(descriptor, image.size) != image.sha256:
        raise UpdateFailed(
            f"{path} does not read as it was written; the card is worn out or "
            "damaged: replace it"
        )


def _sum(descriptor: int, size: int) -> str:
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(descriptor, 0, os.SEEK_SET)
    digest, left = hashlib.sha256(), size
    while left and (block := os.read(descriptor, min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()
