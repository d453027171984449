"""A storage that is full in the middle of a bundle: RESULT.txt says what is so."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.disk import Disk
from kiosk.provision.outcome import Verdict
from tests.provision.device import FILES, LAN, OTHER_SITE, SECRETS, Device


OLD = {**FILES, "network/lan.nmconnection": LAN}
NEW = {**FILES, "site.toml": OTHER_SITE, "secrets.toml": SECRETS}
ON_TMPFS = """
mount -t tmpfs -o size=512k tmpfs "$1" && cp -a "$2/." "$1" || exit 99
dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
truncate -s "-$(($3 * 4096))" "$1/filler"
"$4" -m kiosk provision apply "$5" --root "$1" --again
rm "$1/filler"
cp -a "$1/." "$6"
"""

needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="needs root and unshare: a storage of its own that can be full",
)


class FullDisk(Disk):
    """
    A device whose storage takes a few more files and is full then; sticks are others.

    Args:
        room: So many files it takes.

    """

    def __init__(self, root: Path, room: int) -> None:
        self._root = root
        self.room = room

    @override
    def write(self, path: Path, content: bytes, mode: int | None) -> None:
        if path.is_relative_to(self._root):
            if not self.room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            self.room -= 1
        super().write(path, content, mode)


def first_bundle(device: Device) -> None:
    device.lay_out(OLD, id="winter")
    assert device.apply().verdict is Verdict.APPLIED
    device.provisioning.commit()
    device.lay_out(NEW, id="spring")


def new_state(folder: Path) -> dict[str, bytes]:
    device = Device(folder / "root")
    device.stick.mkdir()
    first_bundle(device)
    assert device.apply().verdict is Verdict.APPLIED
    return device.outside()


def judge(device: Device, old: dict[str, bytes], new: dict[str, bytes]) -> Verdict:
    """Return what RESULT.txt says, if it is the truth."""
    head = device.result.splitlines()[0].removeprefix("KIOSK: ")
    verdict = Verdict(head)
    current, outside = device.provisioning.record.current, device.outside()
    match verdict:
        case Verdict.APPLIED:
            assert (current, outside) == ("spring", new)
        case Verdict.REFUSED:
            assert (current, outside) == ("winter", old)
            assert "Nothing in this bundle was applied" in device.result
        case _:
            assert verdict is Verdict.UNFINISHED
            assert outside != {"winter": old, "spring": new}[current]
            assert f"In force:   {current}" in device.result
    return verdict


def test_wherever_it_is_full_the_result_is_the_truth_and_a_second_try_completes_it(
    tmp_path: Path,
) -> None:
    new = new_state(tmp_path / "other")
    seen: set[Verdict] = set()
    room = 0
    while Verdict.APPLIED not in seen:
        home = tmp_path / str(room)
        (home / "stick").mkdir(parents=True)
        first_bundle(Device(home / "root"))
        disk = FullDisk(home / "root", room)
        device = Device(home / "root", disk)
        old = device.outside()
        outcome = device.apply()
        assert judge(device, old, new) is outcome.verdict
        seen.add(outcome.verdict)

        disk.room = 1_000
        again = device.apply()

        if outcome.verdict is not Verdict.APPLIED:
            assert again.verdict is Verdict.APPLIED, f"room for {room} files"
            assert again.changed, "the kiosk is to take it up"
        assert device.outside() == new
        room += 1
    assert seen == {Verdict.APPLIED, Verdict.REFUSED, Verdict.UNFINISHED}


@needs_mounts
@pytest.mark.parametrize("pages", [0, 4, 5, 6, 7, 64])
def test_the_same_on_a_file_system_that_is_really_full(
    device: Device, tmp_path: Path, pages: int
) -> None:
    new = new_state(tmp_path / "other")
    first_bundle(device)
    old = device.outside()
    place, after = tmp_path / "full", tmp_path / "after"
    place.mkdir()
    subprocess.run(
        [
            *("unshare", "--mount", "sh", "-c", ON_TMPFS, "sh", place, device.root),
            *(str(pages), sys.executable, device.stick, after),
        ],
        check=True,
        timeout=60,
    )
    shutil.rmtree(device.root)
    after.rename(device.root)

    judge(device, old, new)
