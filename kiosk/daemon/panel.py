"""
The buttons in front of the kiosk, or whoever presses in their place, as events.

It knows what a long press means where, and that a finger that pressed twice agreed to
nothing it read; what else a press means the call machine knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from kiosk.call import events as ev
from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.door import Door
from kiosk.daemon.face import Face
from kiosk.daemon.faults import Faults
from kiosk.daemon.language_choice import LanguageChoice
from kiosk.daemon.outside import Outside
from kiosk.daemon.presses import Presses, press_for
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.technician import Begin, TechnicianPage, look
from kiosk.daemon.volume_choice import BUTTONS as VOLUME
from kiosk.daemon.volume_choice import VolumeChoice
from kiosk.ports import Button, ButtonEdge, ButtonFault, Buttons, Micros


_EVENTS: dict[Button, ev.Event] = {
    Button.CALL: ev.CallPressed(),
    Button.HANGUP: ev.HangupPressed(),
    Button.MUTE: ev.MutePressed(),
}
"""What the call machine hears of; the others mean nothing to a call."""


class Panel:
    """
    Args:
        post: Gets the events, on the event loop.
        begin: Begins a task that its owner waits for.

    Attributes:
        door: The contact at the case.
        inspect: Finds out what a technician wants to know.
        pressed_at: When the call button was pressed last.

    """

    def __init__(
        self,
        settings: DaemonSettings,
        machine: CallMachine,
        face: Face,
        outside: Outside,
        faults: Faults,
        *,
        post: Callable[[ev.Event], None],
        begin: Begin,
    ) -> None:
        self._clock = outside.clock
        self._post = post
        self.door = Door(face.tell)
        self.inspect = partial(look, outside, face, faults, self.door)
        page = TechnicianPage(machine, face, self.inspect, begin, settings.page_s)
        self._page = page
        self._machine = machine
        self._face = face
        self._read_us = round(settings.read_s * 1_000_000)
        self.pressed_at = Micros(0)
        choice = LanguageChoice(settings, machine, face)
        self._volume = VolumeChoice(settings, machine, face, outside.volume)
        self._presses = Presses(
            press=self._pressed,
            hold=choice.hold,
            may_hold=choice.may_hold,
            hold_s=settings.hold_s,
            hold_both=page.open,
            may_hold_both=page.may_open,
            both_s=settings.both_s,
        )

    def listen_to(self, buttons: Buttons, hear: Callable[[ButtonFault], None]) -> None:
        """Begin to hear real buttons; on the event loop. DeviceError if they fail."""
        loop = asyncio.get_running_loop()

        def on_edge(edge: ButtonEdge) -> None:
            loop.call_soon_threadsafe(self._turn, edge)

        def on_fault(fault: ButtonFault) -> None:
            loop.call_soon_threadsafe(hear, fault)

        buttons.start(on_edge, on_fault)

    def press(self, button: str, held_s: float = 0.0) -> None:
        """Press the button of that name, for a moment or longer."""
        press_for(self._turn, Button(button), held_s, self._clock.now)

    def dial(self) -> None:
        """Call as no finger does: whatever lies over the screen goes away for it."""
        self.pressed_at = self._clock.now()
        self._post(_EVENTS[Button.CALL])

    def close(self) -> None:
        """Take away what lies over the screen and ask for nothing more to fill it."""
        self._page.close()

    def _is_unread(self) -> bool:
        """Whether the question for consent came so shortly before that nobody read it."""
        if self._machine.state is not State.CONSENT:
            return False
        return self._clock.now() - self._face.facts.since < self._read_us

    def _turn(self, edge: ButtonEdge) -> None:
        turn = self.door.turn if edge.button is Button.DOOR else self._presses.turn
        turn(edge)

    def _pressed(self, button: Button) -> None:
        if button in VOLUME and not self._page.is_shown:
            self._volume.turn(button)
        if button not in _EVENTS:
            return
        if self._page.is_shown:
            self._page.close()
            return
        if button is Button.CALL and self._is_unread():
            return
        if button is Button.CALL:
            self.dial()
        else:
            self._post(_EVENTS[button])
