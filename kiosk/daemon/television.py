"""
The branch television: one live stream on the idle screen, while nobody calls.

1. Only in IDLE.  It gives way at once; devices of the call that begins are opened
   when its own are closed.
2. It plays and never films: it is given no way to a camera.
3. It is quiet about its losses: the idle screen is back until the stream is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Never

from kiosk.call.states import State
from kiosk.daemon.work import Work
from kiosk.errors import KioskError
from kiosk.ports import (
    MediaFact,
    Peer,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    Player,
    PlayStats,
    PlayUrlUsedUp,
)


log = logging.getLogger(__name__)

NAME: Final = "television"
_RETRY_S: Final = 5.0

NewPlayer = Callable[[Callable[[MediaFact], None]], Player]


class Television:
    """
    Args:
        new_player: Makes a player with a display and a loudspeaker of its own.
        find: Returns where the stream is to be played now.
        leave: Tells whoever counts viewers that we watch no more.
        retry_s: Between two tries to find it.

    """

    def __init__(
        self,
        new_player: NewPlayer,
        find: Callable[[], Awaitable[str]],
        leave: Callable[[], Awaitable[None]],
        retry_s: float = _RETRY_S,
    ) -> None:
        self._new_player = new_player
        self._find = find
        self._leave = leave
        self._retry_s = retry_s
        self._show: Callable[[bool], None] | None = None
        self._player: Player | None = None
        self._on = asyncio.Event()
        self._closed = asyncio.Event()
        self._closed.set()
        self._news = asyncio.Event()
        self._with_picture = False

    @property
    def stats(self) -> Sequence[PlayStats]:
        """Of the stream that is on, if one is."""
        return self._player.stats if self._player else ()

    def follow(self, was: State, state: State, work: Work) -> None:
        """Be on in IDLE; what opens a device from here on waits until it is off."""
        if state is State.IDLE:
            self.switch_on()
        elif was is State.IDLE:
            work.close(self.switch_off)

    def switch_on(self) -> None:
        """Begin to play, as soon as it can be; returns at once."""
        self._on.set()

    async def switch_off(self) -> None:
        """Stop; back when its loudspeaker is closed."""
        self._on.clear()
        self._news.set()
        await self._closed.wait()

    async def run(self, show: Callable[[bool], None]) -> Never:
        """Play whenever it is switched on; ``show`` is told if there is a picture."""
        self._show = show
        while True:
            await self._on.wait()
            self._closed.clear()
            try:
                await self._play()
            finally:
                self._closed.set()
            await self._say_goodbye()

    async def _play(self) -> None:
        player = self._player = self._new_player(self._hear)
        try:
            while self._on.is_set():
                self._news.clear()
                found = await self._tune(player)
                if not self._on.is_set():
                    return
                await self._wait(None if found else self._retry_s)
        finally:
            self._player = None
            self._picture(there=False)
            await player.close()

    async def _tune(self, player: Player) -> bool:
        try:
            await player.play(Peer(NAME, "", await self._find()))
        except KioskError as exc:
            reason = {"code": exc.code, "reason": str(exc)}
            log.info("television has no stream", extra=reason)
            return False
        return True

    async def _wait(self, longest_s: float | None) -> None:
        try:
            async with asyncio.timeout(longest_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def _say_goodbye(self) -> None:
        try:
            await self._leave()
        except KioskError as exc:
            log.info("television did not say goodbye", extra={"reason": str(exc)})

    def _hear(self, fact: MediaFact) -> None:
        match fact:
            case PeerStarted(_, with_picture):
                self._with_picture = with_picture
                self._picture(there=with_picture)
            case PeerResumed():
                self._picture(there=self._with_picture)
            case PeerSilent():
                self._picture(there=False)
            case PlayUrlUsedUp():
                self._news.set()
            case _:
                log.debug("television: %s", type(fact).__name__)

    def _picture(self, *, there: bool) -> None:
        if self._show is not None:
            self._show(there)
