"""Checks a bundle where it is made: on any computer, for every device it is for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kiosk.errors import BundleRefused
from kiosk.provision.bundle import open_bundle
from kiosk.provision.identity import identity_of
from kiosk.provision.intake import take_in
from kiosk.provision.judging import judge
from kiosk.signed import read_keys


def check_bundle(folder: Path, root: Path, serial: str | None) -> tuple[str, ...]:
    """
    Return everything that is wrong with a bundle, a line each.

    Args:
        folder: The bundle's directory.
        root: Below which the rest of the configuration, and keys, are.
        serial: Of the device; by default every one that the bundle has a file for.

    """
    if serial is not None:
        return _check_for(serial, folder, root)
    devices = sorted(path.stem for path in (folder / "devices").glob("*.toml"))
    mistakes = [
        line
        for device in devices or [identity_of(root).serial]
        for line in _check_for(device, folder, root)
    ]
    return tuple(dict.fromkeys(mistakes))


def _check_for(serial: str, folder: Path, root: Path) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory(prefix="kiosk-bundle-") as copy:
        try:
            intake = take_in(folder, Path(copy), serial)
            keys = read_keys(root)
            bundle = open_bundle(intake, keys, demands="", known=frozenset())
            judge(bundle, root, serial, ())
        except BundleRefused as error:
            return error.mistakes
    return ()
