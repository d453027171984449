"""An agent who asks for a photograph, and the customer who is asked."""

from __future__ import annotations

import threading

from typing_extensions import override

from kiosk.errors import ControlError
from tests.fakes.programs import Party


class Asking(threading.Thread):
    """Asks for a still, as the command does, on a thread of its own."""

    def __init__(self, agent: Party) -> None:
        super().__init__()
        self._agent = agent
        self.jpeg = b""
        self.refusal = ""
        self.start()

    @override
    def run(self) -> None:
        try:
            self.jpeg = self._agent.control.still()
        except ControlError as error:
            self.refusal = str(error)


def asks(kiosk: Party) -> bool:
    """Say whether the screen asks its customer for a photograph."""
    return bool(kiosk.status()["still"] == "asked")
