"""The file of issued keys outlives a power cut: a key that was told is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.fleet.issued_keys import IssuedKey, read_issued, write_issued
from tests.provision.power import FailingDisk, PowerCut


OLD = {"a1": IssuedKey("kiosk-1", "1" * 32)}
NEW = {**OLD, "b2": IssuedKey("kiosk-2", "2" * 32)}


def test_cut_at_any_step_the_old_keys_are_there_or_the_new(tmp_path: Path) -> None:
    whole = FailingDisk()
    write_issued(tmp_path / "whole.toml", NEW, whole)

    for at in range(1, whole.steps + 1):
        path = tmp_path / f"cut{at}" / "keys.toml"
        path.parent.mkdir()
        write_issued(path, OLD)
        with pytest.raises(PowerCut):
            write_issued(path, NEW, FailingDisk(at, loses_cache=True))

        assert read_issued(path) in (OLD, NEW)


def test_keys_told_as_written_are_there_after_a_cut(tmp_path: Path) -> None:
    path, disk = tmp_path / "keys.toml", FailingDisk(5, loses_cache=True)
    write_issued(path, NEW, disk)

    with pytest.raises(PowerCut):
        disk.sync(tmp_path)

    assert read_issued(path) == NEW
    assert path.stat().st_mode & 0o777 == 0o600
