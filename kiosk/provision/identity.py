"""
What names this device for good, and where that name comes from.

1. The board's own number where there is one: it stays when the card is changed.
2. On a PC its maker's (DMI), which only root may read: provisioning, which is root,
   writes it down for the others at each boot.
3. Else a digest of the machine-id, which itself should not leave the machine
   (machine-id(5)); it changes with the card.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final


NOTED: Final = "run/kiosk-provision/serial"
"""What root found, for everybody; below the root directory."""

_BOARD = "sys/firmware/devicetree/base/serial-number"
_DMI = "sys/class/dmi/id/product_serial"
_MACHINE = "etc/machine-id"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_NUMBER = re.compile(
    r"0*|123456789|default(-string)?|n-?a|none|not-applicable|not-specified|oem|"
    r"system-serial-number|to-be-filled-by-o-e-m|unknown",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """
    A device's name.

    Attributes:
        serial: Fit for a file name and for the room grammar.
        source: In words, for whoever looks for it.

    """

    serial: str
    source: str


def identity_of(root: Path = Path("/")) -> Identity:
    """Return what names the device whose files are below ``root``."""
    board = _text(root / _BOARD)
    if _ID.fullmatch(board):
        return Identity(board, "the board's serial number")
    maker = _text(root / NOTED) or _of_maker(_text(root / _DMI))
    if _ID.fullmatch(maker):
        return Identity(maker, "the maker's serial number (DMI)")
    digest = hashlib.sha256(b"kiosk " + _text(root / _MACHINE).encode()).hexdigest()
    return Identity(f"machine-{digest[:16]}", "made from the machine-id of this system")


def _of_maker(text: str) -> str:
    """Return a maker's number as an id; nothing for what makers write for none."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
    return "" if _NO_NUMBER.fullmatch(name) else name[:64]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip().rstrip("\0")
    except OSError:
        return ""
