"""What outlives the daemons of a test."""

from __future__ import annotations

from kiosk.ports.held_call import HeldCall


class FakeMemory:
    """Remembers one call, as a directory in memory would."""

    def __init__(self) -> None:
        self.held: HeldCall | None = None

    def keep(self, call: HeldCall) -> None:
        self.held = call

    def recall(self) -> HeldCall | None:
        return self.held

    def forget(self) -> None:
        self.held = None
