"""Writing to a block device of the kernel: what is in use is refused by the kernel."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.errors import UpdateFailed, UpdateRefused
from kiosk.update.release import Image
from kiosk.update.slots import refuse_small
from kiosk.update.writing import holds, write_image
from tests.update.machines import MIB


CONTENT = b"kernel and root" * 50_000
IMAGE = Image("system", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "disk.img"
    with file.open("wb") as disk:
        disk.truncate(MIB)
    try:
        found = subprocess.run(
            ["losetup", "--find", "--show", str(file)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs root: a loop device")
    yield Path(found)
    subprocess.run(["losetup", "--detach", found], check=True)


def test_an_image_is_written_and_read_back(partition: Path) -> None:
    write_image(partition, IMAGE, [CONTENT[:1000], CONTENT[1000:]])

    assert holds(partition, IMAGE)
    assert partition.read_bytes()[: len(CONTENT)] == CONTENT


def test_a_partition_that_somebody_holds_is_not_even_opened(partition: Path) -> None:
    held = os.open(partition, os.O_RDWR | os.O_EXCL)  # as a mount does
    try:
        with pytest.raises(UpdateRefused, match="must not be mounted"):
            write_image(partition, IMAGE, [CONTENT])
    finally:
        os.close(held)

    assert partition.read_bytes() == bytes(MIB)


def test_a_partition_that_is_too_small_is_found_before_it_is_written(
    partition: Path,
) -> None:
    with pytest.raises(UpdateRefused, match="there is room for 1048576"):
        refuse_small(partition, MIB + 1)


def test_an_image_longer_than_it_was_signed_never_passes(partition: Path) -> None:
    with pytest.raises(UpdateFailed, match="not the one that was signed"):
        write_image(partition, IMAGE, [CONTENT, b"more"])
