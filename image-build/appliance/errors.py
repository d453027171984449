"""What goes wrong while building or booting, told in one line: thing, cause, cure."""

from __future__ import annotations


class BuildError(Exception):
    """The appliance cannot be built here; the message says what to do."""


class MachineError(Exception):
    """The virtual machine did not do what it was asked."""


class GuestPanic(MachineError):
    """The guest's kernel gave up: the emulator's doing, never the kiosk's."""
