"""A library comes from the private folder only where the system's does not do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from kiosk.wheels import make_importable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("gpiozero", "livekit"):
        (tmp_path / name / name).mkdir(parents=True)
        (tmp_path / name / name / "__init__.py").write_text("")
    return tmp_path


def has(**versions: str) -> Callable[[str], str]:
    def installed(name: str) -> str:
        if name in versions:
            return versions[name]
        raise metadata.PackageNotFoundError(name)

    return installed


@pytest.mark.parametrize("version", ["2.0", "2.0.1.post3", "2.1", "10"])
def test_what_the_system_has_is_used(folder: Path, version: str) -> None:
    path = ["/system"]

    taken = make_importable(
        {"gpiozero": "2.0"},
        folder=folder,
        path=path,
        installed=has(gpiozero=version),
    )

    assert (taken, path) == ([], ["/system"])


@pytest.mark.parametrize("versions", [{}, {"gpiozero": "1.6.2"}])
def test_what_is_missing_or_too_old_comes_from_the_private_folder(
    folder: Path, versions: dict[str, str]
) -> None:
    path = ["/system"]

    taken = make_importable(
        {"gpiozero": "2.0"},
        folder=folder,
        path=path,
        installed=has(**versions),
    )

    assert taken == ["gpiozero"]
    found = PathFinder.find_spec("gpiozero", path)
    assert found is not None
    assert found.origin == str(folder / "gpiozero/gpiozero/__init__.py")
    assert PathFinder.find_spec("livekit", path) is None, "it was not asked for"


def test_a_system_without_the_package_is_left_as_it_is(tmp_path: Path) -> None:
    path = ["/system"]

    taken = make_importable(
        {"gpiozero": "2.0"},
        folder=tmp_path / "nowhere",
        path=path,
        installed=has(),
    )

    assert (taken, path) == ([], ["/system"])


def test_it_is_pythons_own_path_that_is_made_longer(folder: Path) -> None:
    before = list(sys.path)
    try:
        taken = make_importable({"livekit": "99"}, folder=folder)
        now = list(sys.path)
    finally:
        sys.path[:] = before

    assert taken == ["livekit"]
    assert now == [str(folder / "livekit"), *before]
