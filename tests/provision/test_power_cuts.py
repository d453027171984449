"""
The power is cut at every step of applying a bundle: old or new, never a mixture.

What is judged is what the programs see, which start after provisioning has finished.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.disk import Disk, put
from kiosk.provision.in_force import InForce
from kiosk.provision.outcome import Verdict
from tests.provision.device import (
    FILES,
    LAN,
    OTHER_SITE,
    SECRETS,
    Device,
    files_below,
)
from tests.provision.power import FailingDisk, PowerCut


NEW = {
    **FILES,
    "site.toml": OTHER_SITE,
    "network/wlan.nmconnection": LAN.replace(b"lan", b"wlan").replace(b"c11", b"c12"),
    "secrets.toml": SECRETS.replace(b"sesame", b"barley"),
}
CACHE = pytest.mark.parametrize("loses_cache", [False, True], ids=["kept", "lost"])


class Worlds:
    """A device with an old bundle in force and a new one on the stick, as often as wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        first = Device(folder / "first/root")
        first.stick.mkdir()
        first.lay_out(
            {**FILES, "network/lan.nmconnection": LAN, "secrets.toml": SECRETS}
        )
        assert first.apply().verdict is Verdict.APPLIED
        first.provisioning.commit()
        self.old = first.outside()
        first.lay_out(NEW)
        shutil.copytree(folder / "first", folder / "later")
        later = self._on(folder / "later", FailingDisk())
        assert later.apply().verdict is Verdict.APPLIED
        self.new = later.outside()
        assert self.old.keys() != self.new.keys()

    def make(self, disk: Disk) -> Device:
        self._made += 1
        home = self._folder / str(self._made)
        shutil.copytree(self._folder / "first", home)
        return self._on(home, disk)

    @staticmethod
    def _on(home: Path, disk: Disk) -> Device:
        return Device(home / "root", disk)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("worlds"))


def started_again(device: Device, disk: Disk | None = None) -> Device:
    again = Device(device.root, disk or FailingDisk())
    InForce(device.root, disk or FailingDisk()).finish(is_start=True)
    return again


def steps_of_applying(worlds: Worlds) -> int:
    disk = FailingDisk()
    worlds.make(disk).apply()
    return disk.steps


@CACHE
def test_after_a_cut_at_any_step_the_old_is_in_force_or_the_new(
    worlds: Worlds, *, loses_cache: bool
) -> None:
    seen: set[str] = set()
    for at in range(1, steps_of_applying(worlds) + 1):
        device = worlds.make(FailingDisk(at, loses_cache=loses_cache))
        with pytest.raises(PowerCut):
            device.apply()

        outside = started_again(device).outside()

        assert outside in (worlds.old, worlds.new), f"a mixture after step {at}"
        seen.add("old" if outside == worlds.old else "new")
        shutil.rmtree(device.root.parent)
    assert seen == {"old", "new"}


@CACHE
def test_after_a_cut_at_any_step_the_stick_is_still_good_for_another_try(
    worlds: Worlds, *, loses_cache: bool
) -> None:
    for at in range(1, steps_of_applying(worlds) + 1, 5):
        device = worlds.make(FailingDisk(at, loses_cache=loses_cache))
        with pytest.raises(PowerCut):
            device.apply()

        again = started_again(device)
        again.apply()

        assert again.outside() == worlds.new, f"not applied after step {at}"
        assert not (again.stick / "secrets.toml").exists()
        assert files_below(again.root / "var/lib/kiosk-provision/sets").keys()
        shutil.rmtree(device.root.parent)


@CACHE
def test_a_cut_while_a_start_finishes_what_was_begun_does_no_harm(
    worlds: Worlds, *, loses_cache: bool
) -> None:
    whole = FailingDisk()
    started_again(_cut_after_the_moment(worlds), whole)
    assert whole.steps > 5

    for at in range(1, whole.steps + 1):
        device = _cut_after_the_moment(worlds)
        with pytest.raises(PowerCut):
            started_again(device, FailingDisk(at, loses_cache=loses_cache))

        assert started_again(device).outside() == worlds.new, f"step {at}"
        shutil.rmtree(device.root.parent)


@CACHE
def test_a_cut_while_a_bundle_is_taken_back_leaves_old_or_new(
    worlds: Worlds, *, loses_cache: bool
) -> None:
    whole = FailingDisk()
    worlds.make(FailingDisk()).apply()
    device = worlds.make(whole)
    device.apply()
    before = whole.steps
    device.provisioning.give_back("not healthy")

    for at in range(before + 1, whole.steps + 1):
        device = worlds.make(FailingDisk(at, loses_cache=loses_cache))
        device.apply()
        with pytest.raises(PowerCut):
            device.provisioning.give_back("not healthy")

        assert started_again(device).outside() in (worlds.old, worlds.new)
        shutil.rmtree(device.root.parent)


def test_the_test_would_notice_a_writer_that_does_not_sync(tmp_path: Path) -> None:
    """The mutation check of the instrument: written in place, a file is torn."""
    file = tmp_path / "file"
    file.write_bytes(b"old old old")
    careless = FailingDisk(2, loses_cache=True)

    careless.write(file, b"new new new", 0o644)
    with pytest.raises(PowerCut):
        careless.sync(file)
    torn = file.read_bytes()
    with pytest.raises(PowerCut):
        put(FailingDisk(4, loses_cache=True), file, b"newer", 0o644)

    assert torn == b"new n"
    assert file.read_bytes() == torn


def _cut_after_the_moment(worlds: Worlds) -> Device:
    """Return a device whose record names the new set, and of which nothing is done."""
    disk = _UntilTheRecord()
    device = worlds.make(disk)
    with pytest.raises(PowerCut):
        device.apply()
    return device


class _UntilTheRecord(Disk):
    """Fails right after the record was renamed and is on the medium."""

    _is_renamed = False

    @override
    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self._is_renamed = new.name == "record.json"

    @override
    def sync(self, path: Path) -> None:
        super().sync(path)
        if self._is_renamed:
            raise PowerCut
