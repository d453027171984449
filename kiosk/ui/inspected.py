"""What a technician reads of a kiosk, row by row. Pure: what was found in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.ports import Inspected, Inspection, Probe
from kiosk.ui.plain import plain
from kiosk.ui.texts import Texts


LONGEST: Final = 160
"""Characters of one row."""

WORDS: Final[Mapping[Inspected, str]] = {
    Inspected.VERSION: "technician.version",
    Inspected.SERIAL: "technician.serial",
    Inspected.ROOM: "technician.room",
    Inspected.NETWORK: "technician.network",
    Inspected.SERVER: "technician.server",
    Inspected.CLOCK: "technician.clock",
    Inspected.CAMERA: "technician.camera",
    Inspected.MICROPHONE: "technician.microphone",
    Inspected.SPEAKER: "technician.speaker",
    Inspected.DISPLAY: "technician.display",
    Inspected.BUTTONS: "technician.buttons",
    Inspected.LAMPS: "technician.lamps",
    Inspected.DOOR: "technician.door",
    Inspected.FAULTS: "technician.faults",
    Inspected.LAST_ERROR: "technician.last_error",
}
"""What the rows are about, as keys of :data:`kiosk.english.ENGLISH`."""


def rows_of(inspection: Inspection, texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return what, and how it is: what is there, or what is wrong and the cure."""
    return tuple(
        (texts(WORDS[what]), plain(_told(probe), LONGEST)) for what, probe in inspection
    )


def _told(probe: Probe) -> str:
    if not probe.wrong:
        return probe.found
    return f"{probe.wrong}; {probe.cure}" if probe.cure else probe.wrong
