"""Where the files of a bundle go, below the root directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kiosk.config.credentials import STORE


DROP_INS: Final = "etc/kiosk/conf.d"
AUTHORITIES: Final = "etc/kiosk/ca"
CONNECTIONS: Final = "etc/NetworkManager/system-connections"
CERTIFICATES: Final = "var/lib/kiosk-provision/network"
"""Of network connections; ours alone, and the same from one bundle to the next."""

RESULT: Final = "RESULT.txt"
"""Beside a bundle: what became of it."""

BOOT_MEDIA: Final = ("bootfs/kiosk", "boot/firmware/kiosk")
"""Where a bundle on the boot partition is."""


def is_secret(place: str) -> bool:
    """Return whether a file is a credential."""
    return Path(place).parent == STORE


def below(folders: frozenset[str], places: tuple[str, ...]) -> list[str]:
    """Return those of some places that are in one of some folders."""
    return [place for place in places if str(Path(place).parent) in folders]
