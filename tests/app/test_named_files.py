"""The files that a configuration names are what they were, or are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.app.named_files import stamps_of
from kiosk.config.display_section import AttractSection, BrandingSection
from kiosk.config.schema import KioskConfig, RoomSection


def configured(folder: Path) -> KioskConfig:
    """Return a configuration that names a logo and a folder of pictures."""
    (folder / "pictures/more").mkdir(parents=True)
    (folder / "pictures/more/one.png").write_bytes(b"1")
    (folder / "logo.png").write_bytes(b"1")
    return KioskConfig(
        room=RoomSection(server="http://127.0.0.1:9"),
        branding=BrandingSection(logo=str(folder / "logo.png")),
        attract=AttractSection(pictures=str(folder / "pictures")),
    )


def test_files_that_nobody_touched_are_what_they_were(tmp_path: Path) -> None:
    config = configured(tmp_path)

    assert stamps_of(config) == stamps_of(config) != ()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "logo.png").write_bytes(b"22"),
        lambda folder: (folder / "logo.png").unlink(),
        lambda folder: (folder / "pictures/more/one.png").write_bytes(b"22"),
        lambda folder: (folder / "pictures/two.png").write_bytes(b"2"),
        lambda folder: shutil.rmtree(folder / "pictures"),
    ],
    ids=["written", "gone", "written below", "one more", "folder gone"],
)
def test_a_file_that_is_another_is_noticed(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    config = configured(tmp_path)
    before = stamps_of(config)

    change(tmp_path)

    assert stamps_of(config) != before


def test_a_configuration_that_names_no_file_has_no_stamps() -> None:
    assert stamps_of(KioskConfig(room=RoomSection(server="http://127.0.0.1:9"))) == ()
