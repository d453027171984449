"""What a technician reads of a fault: on the screen, and in its QR code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ScreenName


CODED: Final = re.compile(r"([A-Z][0-9]{3})\b[:\s]*(.*)", re.DOTALL)
_FOR_TECHNICIANS: Final = frozenset(
    {ScreenName.OUT_OF_SERVICE, ScreenName.UNCONFIGURED, ScreenName.ENDED}
)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Which device it is."""

    version: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    What a technician needs.

    Attributes:
        code: Of the error; the words are behind it.
        qr: The same for a telephone, with which device it is; empty for none.

    """

    heading: str
    code: str
    words: str
    qr: str = ""


def fault_of(
    name: ScreenName,
    reason: str,
    heading: str,
    nameplate: Nameplate,
    places: tuple[str, str],
) -> Fault | None:
    """
    Return the fault of a screen, if it has one.

    Args:
        name: Which screen.
        reason: Plain and short; perhaps with a code at its beginning.
        heading: Over it.
        nameplate: For the QR code.
        places: The same: whose kiosk it is, and where.

    """
    if name not in _FOR_TECHNICIANS or not reason:
        return None
    coded = CODED.fullmatch(reason)
    code, words = coded.groups() if coded else ("", reason)
    device = " ".join(filter(None, ("kiosk", nameplate.version, nameplate.serial)))
    lines = (device, ", ".join(filter(None, places)), reason)
    # The customer of a call that ended has no use for a code.
    qr = "" if name is ScreenName.ENDED else "\n".join(filter(None, lines))
    return Fault(heading, code, words, qr)
