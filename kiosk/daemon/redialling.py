"""An agent's kiosk returns to its room by itself: it presses its own call button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Button


def redial_later(
    settings: DaemonSettings,
    machine: CallMachine,
    stopping: asyncio.Event,
    press: Callable[[str], None],
) -> None:
    """Press the call button after a while, if the kiosk is still idle then."""

    def redial() -> None:
        if machine.state is State.IDLE and not stopping.is_set():
            press(Button.CALL.value)

    asyncio.get_running_loop().call_later(settings.redial_s, redial)
