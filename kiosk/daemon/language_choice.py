"""
Which language the screens speak: a long press of the call button takes the next.

The choice is one customer's: it is gone with the call, and after a while in which
nobody called, whatever the kiosk shows by then: closed for the night, or out of
service. What the kiosk tells agents stays in its own language.
"""

from __future__ import annotations

from functools import partial

from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.face import Face
from kiosk.daemon.kept_choice import KeptChoice
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Button


class LanguageChoice:
    """
    Args:
        settings: Knows the languages, and for how long a choice is kept.
        machine: Tells whether the kiosk is idle.
        face: Speaks.

    """

    def __init__(
        self, settings: DaemonSettings, machine: CallMachine, face: Face
    ) -> None:
        self._languages = settings.languages
        self._kept = KeptChoice(settings.language_s, machine, partial(face.speak, ""))
        self._machine = machine
        self._face = face

    def may_hold(self, button: Button) -> bool:
        """Whether a long press of this button would take another language now."""
        return (
            button is Button.CALL
            and len(self._languages) > 1
            and self._machine.state is State.IDLE
            and not self._face.is_covered
        )

    def hold(self, button: Button) -> None:
        """Take the next language, if the kiosk is idle still."""
        if not self.may_hold(button):
            return
        spoken = self._face.facts.language or self._languages[0]
        at = (self._languages.index(spoken) + 1) % len(self._languages)
        self._face.speak(self._languages[at] if at else "")
        self._kept.keep()
