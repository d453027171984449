"""
What a signed update says about itself, and whether it is for this machine. Pure.

``[about]`` of the manifest, all of it text::

    version = "1.4.0"                      # of the system; numbers parted by dots
    boards = "raspberrypi,4-model-b ..."   # names as in the device tree, or "pc,x86_64"
    boot = "3f2a... 100663296"             # SHA-256 and size of each image as it is
    system = "9c41... 536870912"           # written, whatever form it travels in
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.errors import UpdateRefused
from kiosk.signed import Manifest


IMAGES: Final = ("system", "boot")
"""In the order of writing."""
PAYLOAD: Final = "update.tar.zst"

_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,4}")
_BOARD = re.compile(r"[A-Za-z0-9._+-]+,[A-Za-z0-9._+-]+")
_IMAGE = re.compile(r"([0-9a-f]{64}) ([1-9][0-9]{0,12})")
_MAKE_ANEW = "have it made anew with `kiosk update pack`"


@dataclass(frozen=True, slots=True)
class Image:
    """One partition's content: its name, SHA-256 and size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Release:
    """
    One system.

    Attributes:
        id: Of the manifest; the same artefact has the same one.
        version: Numbers parted by dots.
        boards: Names of the boards it is for.
        images: In the order of :data:`IMAGES`.

    """

    id: str
    version: str
    boards: tuple[str, ...]
    images: tuple[Image, ...]


def release_of(manifest: Manifest) -> Release:
    """
    Return what a manifest that was verified says.

    Raises:
        UpdateRefused: It is no update, or says not enough.

    """
    if manifest.kind != "update":
        raise UpdateRefused(f"it is signed as {manifest.kind}, not as update")
    about = manifest.about
    version = about.get("version", "")
    boards = about.get("boards", "").split()
    if not _VERSION.fullmatch(version):
        raise UpdateRefused(f"[about] version says no version; {_MAKE_ANEW}")
    if not boards or not all(map(_BOARD.fullmatch, boards)):
        raise UpdateRefused(f"[about] boards names no board; {_MAKE_ANEW}")
    if PAYLOAD not in manifest.by_name:
        raise UpdateRefused(f"its manifest names no {PAYLOAD}; {_MAKE_ANEW}")
    images = tuple(_image(name, about) for name in IMAGES)
    return Release(manifest.id, version, tuple(boards), images)


def about_of(release: Release) -> Mapping[str, str]:
    """
    Return ``[about]`` of a release.

    Raises:
        ValueError: Version or boards are not such; the text says what is.

    """
    if not _VERSION.fullmatch(release.version):
        raise ValueError("a version is numbers parted by dots, such as 1.4.0")
    if not release.boards or not all(map(_BOARD.fullmatch, release.boards)):
        raise ValueError("a board is named as raspberrypi,4-model-b is")
    images = {image.name: f"{image.sha256} {image.size}" for image in release.images}
    boards = " ".join(release.boards)
    return {"version": release.version, "boards": boards, **images}


def refuse_unfit(
    release: Release, boards: Collection[str], installed: str, *, allow_older: bool
) -> None:
    """
    Let pass what this machine may run.

    Args:
        release: What is to be judged.
        boards: What this machine calls itself.
        installed: The running system's version; empty where it has none.
        allow_older: Whether the version may go back.

    Raises:
        UpdateRefused: It is for other boards, or older than what runs.

    """
    if not set(release.boards) & set(boards):
        raise UpdateRefused(
            f"it is for {' '.join(release.boards)}, and this board is "
            f"{' '.join(boards) or 'unknown'}; take the update for this board"
        )
    if is_older(release.version, installed) and not allow_older:
        raise UpdateRefused(
            f"version {release.version} is older than {installed}, which runs; "
            "--allow-older goes back"
        )


def is_older(version: str, than: str) -> bool:
    """Return whether a version comes before another; none comes before no version."""
    if not _VERSION.fullmatch(than):
        return False
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:  # 1.4 is 1.4.0
        del numbers[-1]
    return numbers


def _image(name: str, about: Mapping[str, str]) -> Image:
    found = _IMAGE.fullmatch(about.get(name, ""))
    if found is None:
        raise UpdateRefused(f"[about] {name} is no SHA-256 and size; {_MAKE_ANEW}")
    return Image(name, found[1], int(found[2]))
