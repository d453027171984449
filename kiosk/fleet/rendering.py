"""
Writing bundles: a folder per device, whose ``kiosk`` goes onto its stick as it is.

::

    bundles/10000000abcdef01/kiosk/site.toml
    bundles/10000000abcdef01/kiosk/devices/10000000abcdef01.toml
    bundles/10000000abcdef01/kiosk/network/kiosk.nmconnection
    bundles/10000000abcdef01/kiosk/secrets.toml

1. A bundle holds one device's secrets, never another's.
2. What did not change is not touched, and stays signed; what changed is not signed
   any more.
3. Bundles of devices that are no longer in the sheet, or retired, are removed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk.fleet.addressing import FILE as KEYFILE
from kiosk.fleet.addressing import keyfile
from kiosk.fleet.inventory import Device
from kiosk.fleet.texts import device_toml, secrets_toml
from kiosk.signed import MANIFEST, SIGNATURE


FOLDER: Final = "kiosk"
"""What a bundle is called on a stick or the boot partition."""

SECRETS: Final = "secrets.toml"
_PRIVATE_DIR = 0o700
_PRIVATE = 0o600
_PUBLIC = 0o644


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was done, by serial number."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """
    What every bundle holds.

    Attributes:
        site: The shared part of the configuration.
        files: Others, by their names in the bundle: connections, authorities.

    """

    site: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def bundle_of(
    device: Device, shared: Shared, secrets: Mapping[str, Mapping[str, str]]
) -> Mapping[str, bytes]:
    """Return a device's files by their names in the bundle."""
    files = dict(shared.files)
    if shared.site:
        files["site.toml"] = shared.site.encode()
    files[f"devices/{device.serial}.toml"] = device_toml(device).encode()
    if device.wire is not None:
        files[KEYFILE] = keyfile(device.wire, device.serial).encode()
    if secrets:
        files[SECRETS] = secrets_toml(secrets).encode()
    return files


def render(out: Path, bundles: Mapping[str, Mapping[str, bytes]]) -> Rendered:
    """
    Make a directory hold exactly these bundles.

    Args:
        out: Made where it is not there, for its owner alone.
        bundles: Files by name, by serial number.

    Raises:
        OSError: Something cannot be written; what is there is whole.

    """
    out.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
    written: list[str] = []
    unchanged: list[str] = []
    for serial, files in bundles.items():
        folder = out / serial / FOLDER
        if _present(folder) == files:
            unchanged.append(serial)
            continue
        _replace(out, serial, files)
        written.append(serial)
    removed = [serial for serial in _rendered(out) if serial not in bundles]
    for serial in removed:
        shutil.rmtree(out / serial)
    for serial in (*written, *removed):  # it holds what was
        archive_of(out, serial).unlink(missing_ok=True)
    return Rendered(tuple(written), tuple(unchanged), tuple(removed))


def archive_of(out: Path, serial: str) -> Path:
    """Return where the archive of a device's bundle is, once it is signed."""
    return out / f"{serial}.tar"


def rendered_bundles(out: Path) -> Sequence[Path]:
    """Return the folders of the bundles in a directory, in the order of their names."""
    return [out / serial / FOLDER for serial in _rendered(out)]


def _rendered(out: Path) -> Iterator[str]:
    for path in sorted(out.iterdir()):
        if (path / FOLDER / "devices" / f"{path.name}.toml").is_file():
            yield path.name


def _present(folder: Path) -> Mapping[str, bytes]:
    """Return what a bundle holds, but for what signing adds."""
    names = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)): path for path in names}
    return {
        name: path.read_bytes()
        for name, path in files.items()
        if name not in {MANIFEST, SIGNATURE}
    }


def _replace(out: Path, serial: str, files: Mapping[str, bytes]) -> None:
    """Put a bundle beside the old one, then in its place."""
    fresh, old = out / f".{serial}.new", out / f".{serial}.old"
    for leftover in (fresh, old):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    for name, content in files.items():
        path = fresh / FOLDER / name
        path.parent.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        secret = name == SECRETS or name.endswith(".nmconnection")
        mode = _PRIVATE if secret else _PUBLIC
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "wb") as file:
            file.write(content)
    if (out / serial).exists():
        (out / serial).rename(old)
    fresh.rename(out / serial)
    shutil.rmtree(old, ignore_errors=True)
