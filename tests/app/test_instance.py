"""A machine keeps its number over restarts, and has none where none can be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.instance import NAME, instance_of


def test_it_is_the_same_after_a_restart_and_another_one_elsewhere(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "a", tmp_path / "b"
    here.mkdir()
    there.mkdir()
    first = instance_of({"RUNTIME_DIRECTORY": str(here)})

    assert len(first) == 32
    assert instance_of({"RUNTIME_DIRECTORY": f"{here}:{there}"}) == first
    assert instance_of({"RUNTIME_DIRECTORY": str(there)}) != first
    assert (here / NAME).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in here.iterdir()] == [NAME]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"A" * 40])
def test_what_is_no_number_is_drawn_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)

    drawn = instance_of({"RUNTIME_DIRECTORY": str(tmp_path)})

    assert len(drawn) == 32
    assert instance_of({"RUNTIME_DIRECTORY": str(tmp_path)}) == drawn


def test_without_a_directory_there_is_none(tmp_path: Path) -> None:
    assert not instance_of({})
    assert not instance_of({"RUNTIME_DIRECTORY": str(tmp_path / "gone")})
