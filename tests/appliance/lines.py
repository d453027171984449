"""The simulated header: fingers and eyes at its lines, from outside of the kiosk."""

from __future__ import annotations

from typing import Final

from appliance.machine import Machine


PLACE: Final = "/run/kiosk-appliance/lines"
_PRESS: Final = 'echo pull-down > "$1"; sleep "$2"; echo pull-up > "$1"'


class Lines:
    """
    Args:
        machine: Whose lines; numbers are the Raspberry Pi's GPIO numbers.

    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def press(self, line: int, seconds: float = 0.3) -> None:
        """Close a button's contact to ground for a moment."""
        path = f"{PLACE}/sim_gpio{line}/pull"
        self._machine.check(["sh", "-c", _PRESS, "press", path, str(seconds)])

    def is_lit(self, line: int) -> bool:
        """Whether a lamp is on."""
        path = f"{PLACE}/sim_gpio{line}/value"
        return self._machine.check(["cat", path]).strip() == "1"
