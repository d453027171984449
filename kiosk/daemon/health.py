"""
How the kiosk itself is: its faults, its lamps, and the watches over its devices.

Put together here for the daemon, which hears one thing of it: whether calls are refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, State
from kiosk.daemon.buttons_watch import ButtonsWatch
from kiosk.daemon.clock_watch import ClockWatch
from kiosk.daemon.device_watch import DeviceWatch
from kiosk.daemon.display_watch import DisplayWatch
from kiosk.daemon.face import Face
from kiosk.daemon.faults import Faults
from kiosk.daemon.lamps import Lamps
from kiosk.daemon.notices import OF_A_DEVICE, Notice
from kiosk.daemon.outside import Outside
from kiosk.daemon.panel import Panel
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Fault, Micros, ScreenName


log = logging.getLogger(__name__)


class Health:
    """
    Args:
        look_again: Has the service watch ask for the refusal.
        tell: Tells the others in a call.

    Attributes:
        faults: What is wrong now.
        lamps: Tell it, and what is open.
        display: Whether there is one.
        clock: Whether its time can be right.
        ready_at: Since when systemd knows that the kiosk is ready; None before.

    """

    def __init__(
        self,
        outside: Outside,
        settings: DaemonSettings,
        machine: CallMachine,
        face: Face,
        look_again: Callable[[], None],
        *,
        tell: Callable[[Notice], None],
    ) -> None:
        self._settings = settings
        self._machine = machine
        self._buttons = outside.buttons
        self._init, self._now = outside.init, outside.clock.now
        self._face = face
        self._tell = tell
        self.ready_at: Micros | None = None
        self._are_armed = asyncio.Event()
        self.faults = Faults(self._light)
        self.lamps = Lamps(outside, machine, self.faults, self._is_silenced)
        self._devices = DeviceWatch(
            outside.look_at_devices,
            self.faults,
            settings,
            state=lambda: machine.state,
            look_again=look_again,
            tell=lambda what: outside.init.status(f"waiting {what}"),
        )
        self.display = DisplayWatch(
            outside.look_at_display,
            face,
            self.faults,
            refuses=settings.needs_display,
            tell=tell,
            look_again=look_again,
        )

        self.clock = ClockWatch(
            outside.look_at_clock,
            matters=settings.needs_time,
            look_again=look_again,
        )

    @property
    def refusal(self) -> str:
        """Why no call may begin, with a code, or empty."""
        return self.clock.refusal or self.display.refusal or self._devices.refusal

    @property
    def hindrance(self) -> str:
        """Why the room service is not even asked, with a code, or empty."""
        return self.clock.refusal

    @property
    def is_waiting(self) -> bool:
        """Whether it is too early to say what is missing."""
        return self._devices.is_waiting or self.clock.is_waiting

    def jobs(self, panel: Panel) -> list[Coroutine[Any, Any, None]]:
        """Return what runs beside the calls."""
        watch = ButtonsWatch(self._devices.note_buttons, self._are_armed.set)
        start = partial(panel.listen_to, self._buttons, watch.hear)
        jobs: list[Coroutine[Any, Any, None]] = [
            self.lamps.run(),
            watch.begin(self._buttons, start, self._settings.retry_s),
        ]
        if self._machine.state is State.UNCONFIGURED:
            self.faults.note(Fault.CONFIGURATION, self._settings.problem or "C001")
        else:
            jobs.append(self._devices.run())
        return jobs

    def look(self) -> None:
        """Look at display and clock; say what is waited for at the start."""
        self.display.look()
        self.clock.look()
        reason = self.clock.refusal
        starts = self._face.screen is ScreenName.STARTING
        if starts and self.clock.is_waiting and self._face.facts.reason != reason:
            self._face.show(ScreenName.STARTING, reason)
            self._init.status(f"waiting {reason}")

    async def tell_ready(self, prepared: Awaitable[None]) -> None:
        """
        Tell systemd that the kiosk is ready, once it is, and note since when.

        Ready is: a screen is on the glass and the control socket answers (both told by
        ``prepared``), and the buttons are heard, or known to be of no use.
        """
        await prepared
        await self._are_armed.wait()
        self._init.ready()
        self.ready_at = self._now()
        log.info("kiosk ready", extra={"state": self._machine.state.name})

    def close(self) -> None:
        """Hear no button any more, and switch the lamps off."""
        self._buttons.close()
        self.lamps.close()

    def follow_call(self) -> None:
        """Look at what depends on the state the call came to."""
        self.lamps.light()
        self.display.follow_call()
        if self._machine.state not in CALL_STATES:
            self._devices.follow_call()

    def follow_screen(self, screen: ScreenName, reason: str) -> None:
        """Note whether the room server is why the kiosk is out of service."""
        is_away = screen is ScreenName.OUT_OF_SERVICE and reason.startswith(("R", "N"))
        self.faults.note(Fault.SERVER, reason if is_away else "")

    def note_device(self, device: str, reason: str) -> None:
        """Tell everybody of a device that fails in the call, or works again."""
        self.faults.note(Fault(device), reason)
        self._face.show_device(device, reason)
        lost, back = OF_A_DEVICE[device]
        self._tell(lost if reason else back)

    def _is_silenced(self) -> bool:
        scope = self._face.scope
        pusher = None if scope is None else scope.pusher
        return pusher is not None and pusher.stats.silenced

    def _light(self) -> None:
        self.lamps.light()
