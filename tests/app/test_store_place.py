"""Where a room server keeps its rooms: by its file, its service, or its user."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kiosk.app.store_place import state_directory, store_file
from kiosk.config.server_schema import StoreSection


BY_DEFAULT = StoreSection()


@pytest.mark.parametrize(
    ("environment", "is_root", "directory"),
    [
        (
            {"STATE_DIRECTORY": "/var/lib/rooms", "HOME": "/home/ann"},
            False,
            "/var/lib/rooms",
        ),
        ({"STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}, True, "/var/lib/one"),
        ({"HOME": "/home/ann"}, False, "/home/ann/.local/state/kiosk"),
        ({"HOME": "/home/ann", "XDG_STATE_HOME": "/srv"}, False, "/srv/kiosk"),
        (
            {"HOME": "/home/ann", "XDG_STATE_HOME": "srv"},
            False,
            "/home/ann/.local/state/kiosk",
        ),
        ({"HOME": "/root"}, True, "/root/.local/state/kiosk"),
        ({}, True, "/var/lib/kiosk"),
        ({"HOME": "", "XDG_STATE_HOME": ""}, True, "/var/lib/kiosk"),
    ],
)
def test_the_directory_is_the_services_or_else_the_users(
    environment: dict[str, str], is_root: bool, directory: str
) -> None:
    assert state_directory(environment, is_root=is_root) == Path(directory)


def test_who_has_no_home_is_told_what_to_set() -> None:
    told = r'neither XDG_STATE_HOME nor HOME is set; .*\[store\] path, or "off"'
    with pytest.raises(OSError, match=told):
        state_directory({}, is_root=False)


def test_a_users_directory_is_made_for_him_alone(tmp_path: Path) -> None:
    file = store_file(BY_DEFAULT, {"HOME": str(tmp_path)})

    directory = tmp_path / ".local" / "state" / "kiosk"
    assert file == str(directory / "rooms.db")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")

    told = r'store .*\.local/state/kiosk: Not a directory; .*\[store\] path, or "off"'
    with pytest.raises(OSError, match=told):
        store_file(BY_DEFAULT, {"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("path", "kept_in"), [("/srv/rooms.db", "/srv/rooms.db"), ("off", "")]
)
def test_a_configured_file_or_none_makes_no_directory(
    tmp_path: Path, path: str, kept_in: str
) -> None:
    assert store_file(StoreSection(path=path), {"HOME": str(tmp_path)}) == kept_in
    assert list(tmp_path.iterdir()) == []
