"""
The branch television: one live stream on the idle screen, while nobody calls.

1. Only in IDLE.  It gives way at once; devices of the call that begins are opened
   when its own are closed.
2. It plays and never films: it is given no way to a camera.
3. It is quiet about its losses: the idle screen is back until the stream is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Never

from kiosk.call.states import State
from kiosk.daemon.growing_pause import GrowingPause
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
_RETRY_S: Final = (5.0, 60.0)

NewPlayer = Callable[[Callable[[MediaFact], None]], Player]


class _Stay:
    """
    One stay in IDLE.

    Each has events of its own: whoever waits for the end of one must not be kept by
    the next, which may begin meanwhile.
    """

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.news = asyncio.Event()
        self.finding: asyncio.Task[str] | None = None
        self.closed = asyncio.Event()
        self.closed.set()  # nothing is open yet

    def end(self) -> None:
        self.over.set()
        self.news.set()
        if self.finding is not None:
            self.finding.cancel()

    async def until_closed(self) -> None:
        await self.closed.wait()

    async def pause(self, seconds: float) -> None:
        """Let time pass, as long as the stay lasts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()


class Television:
    """
    Args:
        new_player: Makes a player with a display and a loudspeaker of its own.
        find: Returns where the stream is to be played now; may be cancelled.
        leave: Tells whoever counts viewers that we watch no more.
        pause: From one try to find it to the next; 5 s, growing to 60, by default.

    """

    def __init__(
        self,
        new_player: NewPlayer,
        find: Callable[[], Coroutine[Any, Any, str]],
        leave: Callable[[], Awaitable[None]],
        pause: GrowingPause | None = None,
    ) -> None:
        self._new_player = new_player
        self._find = find
        self._leave = leave
        self._pause = pause or GrowingPause(*_RETRY_S)
        self._show: Callable[[bool], None] | None = None
        self._player: Player | None = None
        self._stay = _Stay()
        self._stays: asyncio.Queue[_Stay] = asyncio.Queue()
        self._with_picture = False

    @property
    def stats(self) -> Sequence[PlayStats]:
        """Of the stream that is on, if one is."""
        return self._player.stats if self._player else ()

    def follow(self, was: State, state: State, work: Work) -> None:
        """Be on in IDLE; what opens a device from here on waits until it is off."""
        if state is State.IDLE:
            self._stay = _Stay()
            self._stays.put_nowait(self._stay)
        elif was is State.IDLE:
            self._stay.end()
            work.close(self._stay.until_closed)

    async def run(self, show: Callable[[bool], None]) -> Never:
        """Play in each stay in IDLE; ``show`` is told if there is a picture."""
        self._show = show
        while True:
            stay = await self._stays.get()
            if stay.over.is_set():
                continue
            stay.closed.clear()
            try:
                await self._play(stay)
            finally:
                stay.closed.set()
            await self._say_goodbye()

    async def _play(self, stay: _Stay) -> None:
        player = self._player = self._new_player(partial(self._hear, stay))
        now = asyncio.get_running_loop().time
        try:
            while not stay.over.is_set():
                stay.news.clear()
                earliest = now() + self._pause.next_s()
                if await self._tune(player, stay):
                    await stay.news.wait()
                await stay.pause(earliest - now())
        finally:
            self._player = None
            self._picture(there=False)
            await player.close()

    async def _tune(self, player: Player, stay: _Stay) -> bool:
        """Find the stream and play it; not found, at once, when the stay ends."""
        try:
            async with asyncio.TaskGroup() as group:
                stay.finding = group.create_task(self._find())
            if not stay.finding.cancelled():
                await player.play(Peer(NAME, "", stay.finding.result()))
                return True
        except* KioskError as errors:
            reason = {"reason": ", ".join(str(exc) for exc in errors.exceptions)}
            log.info("television has no stream", extra=reason)
        return False

    async def _say_goodbye(self) -> None:
        try:
            await self._leave()
        except KioskError as exc:
            log.info("television did not say goodbye", extra={"reason": str(exc)})

    def _hear(self, stay: _Stay, fact: MediaFact) -> None:
        match fact:
            case PeerStarted(_, with_picture):
                self._pause.reset()
                self._with_picture = with_picture
                self._picture(there=with_picture)
            case PeerResumed():
                self._pause.reset()
                self._picture(there=self._with_picture)
            case PeerSilent():
                self._picture(there=False)
            case PlayUrlUsedUp():
                stay.news.set()
            case _:
                log.debug("television: %s", type(fact).__name__)

    def _picture(self, *, there: bool) -> None:
        if self._show is not None:
            self._show(there)
