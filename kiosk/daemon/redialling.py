"""An agent's kiosk returns to its room by itself, as if its call button were pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.settings import DaemonSettings


def redial_later(
    settings: DaemonSettings,
    machine: CallMachine,
    stopping: asyncio.Event,
    dial: Callable[[], None],
) -> None:
    """Call after a while, if the kiosk is still idle then."""

    def redial() -> None:
        if machine.state is State.IDLE and not stopping.is_set():
            dial()

    asyncio.get_running_loop().call_later(settings.redial_s, redial)
