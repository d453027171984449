"""
A chip of the kernel's gpio-sim, whose lines a test pulls and reads through sysfs.

It is there where the virtual appliance made it, or anybody else with configfs; lines
may be pulled by whoever may write their ``pull``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk.wiring import Unusable
from kiosk.wiring.chips import Chips


PLATFORM = Path("/sys/devices/platform")
NO_SIM = "needs a GPIO chip of gpio-sim, with lines that may be pulled"


@dataclass(frozen=True)
class SimulatedChip:
    """Lines of a simulated chip."""

    folder: Path

    def pull(self, line: int, *, high: bool) -> None:
        """Pull a line, as a finger or a resistor does."""
        # Plain calls: a bounce is shorter than what a file object costs the emulator.
        fd = os.open(f"{self.folder}/sim_gpio{line}/pull", os.O_WRONLY)
        os.write(fd, b"pull-up" if high else b"pull-down")
        os.close(fd)

    def is_high(self, line: int) -> bool:
        """Look at a line."""
        value = self.folder / f"sim_gpio{line}" / "value"
        return value.read_text().strip() == "1"


def simulated_chip() -> SimulatedChip | None:
    """Return the chip behind the header, if it is a simulated one and may be pulled."""
    try:
        chip = Chips().find()
    except Unusable:
        return None
    for folder in PLATFORM.glob(f"gpio-sim.*/{chip.node.name}"):
        if os.access(folder / "sim_gpio17" / "pull", os.W_OK):
            return SimulatedChip(folder)
    return None
