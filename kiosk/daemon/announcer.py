"""
What is heard with a screen: a tone, or a voice that says what the screen says.

1. Nothing sounds over a peer's voice.  Whoever is to be played, or the chime, gets
   the loudspeaker first; from then on the player has it, and puts an announcement
   where no voice is due.
2. What is heard belongs to the screen that is seen: another screen ends it, but
   that somebody is being called for is said to its end before the waiting is.
3. A loudspeaker that fails costs the announcement and one line in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from kiosk.call import commands as do
from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.face import Face
from kiosk.daemon.outside import Announce
from kiosk.daemon.work import Work
from kiosk.errors import DeviceError
from kiosk.ports import Player, ScreenName


log = logging.getLogger(__name__)

NAME: Final = "announcement"
SPEAKS_IN: Final = frozenset(
    {
        State.CONSENT,
        State.RESERVING,
        State.PUBLISHING,
        State.QUEUED,
        State.WAITING,
        State.RECONNECTING,
        State.GRACE,
        State.ENDED,
        State.CLOSED,
        State.OUT_OF_SERVICE,
    }
)
"""Nobody is to be heard there, or nobody can be."""


class Announcer:
    """
    Args:
        announce: Knows what is to be heard, where anything is.

    """

    def __init__(
        self, machine: CallMachine, face: Face, work: Work, announce: Announce | None
    ) -> None:
        self._machine = machine
        self._face = face
        self._work = work
        self._announce = announce
        self._said = ScreenName.STARTING
        self._playing: ScreenName | None = None
        self._next: ScreenName | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()

    def make_way(self, commands: Iterable[do.Command]) -> None:
        """Be silent before whatever of these needs the loudspeaker."""
        if any(isinstance(command, do.Play | do.Chime) for command in commands):
            self._silence()

    def follow(self) -> None:
        """Say what belongs to the screen, if it is another one now."""
        screen = self._face.screen
        if screen is self._said or self._announce is None:
            return
        self._said = screen
        if self._playing is ScreenName.CONNECTING and screen is ScreenName.WAITING:
            self._next = screen
            return
        self._silence()
        if self._machine.state in SPEAKS_IN:
            self._next = screen
            self._work.begin(self._say_all, NAME)

    def _player(self) -> Player | None:
        """Return the call's, which has the loudspeaker from its first peer on."""
        scope = self._face.scope
        return None if scope is None else scope.player

    def _silence(self) -> None:
        self._next = None
        self._work.cancel(NAME)
        if (player := self._player()) is not None:
            player.announce(b"")
        if not self._quiet.is_set():
            self._work.close(self._until_quiet)

    async def _until_quiet(self) -> None:
        await self._quiet.wait()

    async def _say_all(self) -> None:
        self._quiet.clear()
        try:
            while self._next is not None:
                self._playing, self._next = self._next, None
                await self._say(self._playing)
        finally:
            self._playing = None
            self._quiet.set()

    async def _say(self, screen: ScreenName) -> None:
        assert self._announce is not None, "follow looks"
        language = self._face.facts.language
        try:
            if self._player() is None:
                await self._announce(screen, language)
                return
            pcm = await self._announce.sound(screen, language)
            if (player := self._player()) is not None:
                player.announce(pcm)
        except DeviceError as exc:
            reason = {"code": exc.code, "reason": str(exc)}
            log.warning("announcement not heard", extra=reason)
