"""
The buttons for the volume: heard at once, seen for two seconds, and one customer's.

Turned while nobody is called, it is forgotten like a chosen language: after a while
in which nobody called.
"""

from __future__ import annotations

import asyncio
from typing import Final

from kiosk.call.machine import CallMachine
from kiosk.daemon.face import Face
from kiosk.daemon.kept_choice import KeptChoice
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.volume import STEPS, Volume
from kiosk.ports import Button


BUTTONS: Final = frozenset({Button.VOLUME_UP, Button.VOLUME_DOWN})


class VolumeChoice:
    """
    Args:
        settings: Know for how long a choice is shown, and kept.
        machine: Tells whether there is a customer.
        face: Shows it, and knows the call.

    """

    def __init__(
        self, settings: DaemonSettings, machine: CallMachine, face: Face, volume: Volume
    ) -> None:
        self._shown_s = settings.volume_s
        self._kept = KeptChoice(settings.language_s, machine, volume.reset)
        self._face = face
        self._volume = volume
        self._hide: asyncio.TimerHandle | None = None

    def turn(self, button: Button) -> None:
        """Be louder or softer by a step."""
        self._volume.turn(up=button is Button.VOLUME_UP)
        self._tell_player()
        self._face.show_volume((self._volume.step, STEPS))
        later = asyncio.get_running_loop().call_later
        if self._hide is not None:
            self._hide.cancel()
        self._hide = later(self._shown_s, self._face.show_volume, None)
        self._kept.keep()

    def _tell_player(self) -> None:
        scope = self._face.scope
        if scope is not None and scope.player is not None:
            scope.player.set_volume(self._volume.decibels)
