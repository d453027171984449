"""
Copies a bundle to where nobody else can write, and nothing but a bundle.

A stick may be pulled out, or be no stick but a computer that answers differently each
time: every file is read once, here, and all that follows reads the copy.  Links,
pipes, devices and files that are too large are refused by name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.config.documents import printable
from kiosk.errors import BundleRefused, words_of
from kiosk.provision import contents
from kiosk.provision.places import RESULT
from kiosk.signed import MANIFEST


MAX_FILE_BYTES: Final = 256 << 10
MAX_MANIFEST_BYTES: Final = 1 << 20
MAX_DEVICES: Final = 8192
MAX_FILES: Final = 64

_CANNOT = "cannot be read ({}); copy the bundle onto the stick again"


@dataclass(frozen=True, slots=True)
class Intake:
    """
    A bundle's copy.

    Attributes:
        folder: Where the copy is.
        names: The files copied; those of other devices are not.
        devices: The serial numbers that the bundle has files for.

    """

    folder: Path
    names: tuple[str, ...]
    devices: tuple[str, ...]


def take_in(source: Path, into: Path, serial: str) -> Intake:
    """
    Copy what concerns one device.

    Args:
        source: The bundle's directory.
        into: An empty directory that is ours alone.
        serial: Of the device.

    Raises:
        BundleRefused: It has what no bundle has, or cannot be read.

    """
    mistakes: list[str] = []
    names: list[str] = []
    devices: list[str] = []
    try:
        folder = _open_folder(source)
    except OSError as error:
        raise BundleRefused((f"{source}: {_CANNOT.format(words_of(error))}",)) from None
    try:
        for name, directory in _walk(folder, "", mistakes):
            device = contents.device_of(name)
            if device is not None:
                devices.append(device)
            if name == RESULT or device not in {None, serial}:
                continue
            names.append(name)
            if len(names) <= MAX_FILES:
                mistakes += _copy(directory, name, into)
    finally:
        os.close(folder)
    if len(names) > MAX_FILES:
        mistakes.append(f"more than {MAX_FILES} files for one device; remove some")
    if len(devices) > MAX_DEVICES:
        mistakes.append(f"devices: more than {MAX_DEVICES} files; split the fleet")
    if mistakes:
        raise BundleRefused(tuple(mistakes))
    return Intake(into, tuple(names), tuple(devices))


def _walk(folder: int, prefix: str, mistakes: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each file's name with a descriptor of its directory."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = prefix + entry.name
        if contents.is_litter(name):
            continue
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) and name in contents.FOLDERS:
                inner = _open_folder(entry.name, folder)
                try:
                    yield from _walk(inner, f"{name}/", mistakes)
                finally:
                    os.close(inner)
                continue
        except OSError as error:
            mistakes.append(f"{printable(name)}: {_CANNOT.format(error.strerror)}")
            continue
        problem = _problem(name, mode)
        if problem:
            mistakes.append(problem)
        else:
            yield name, folder


def _problem(name: str, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return f"{printable(name)}: is a link; put the file itself there"
    if stat.S_ISREG(mode):
        return "" if contents.is_known(name) else contents.why_unknown(name)
    if stat.S_ISDIR(mode):
        return contents.why_unknown(name, contents.FOLDERS)
    return f"{printable(name)}: is a pipe or a device, not a file; remove it"


def _copy(directory: int, name: str, into: Path) -> Iterator[str]:
    most = MAX_MANIFEST_BYTES if name == MANIFEST else MAX_FILE_BYTES
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        number = os.open(name.rpartition("/")[2], flags, dir_fd=directory)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                yield f"{name}: {_CANNOT.format('it is no file any more')}"
                return
            content = file.read(most + 1)
    except OSError as error:
        yield f"{name}: {_CANNOT.format(error.strerror)}"
        return
    if len(content) > most:
        yield f"{name}: is larger than {most >> 10} KiB; no such file is"
        return
    target = into / name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o600)


def _open_folder(path: Path | str, above: int | None = None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    return os.open(
        path, flags if above is None else flags | os.O_NOFOLLOW, dir_fd=above
    )
