"""
The still pictures of one call, on both sides of it.

Asked (:meth:`Stills.hear`): the machine asks the customer; a key takes the still,
which goes to the room server and to no disk, and the peer is told how it ended,
also when the call ends over the question.  Asking (:meth:`Stills.ask`): the peer's
answers are waited for, and the still is fetched.

It decides nothing about keys; :mod:`kiosk.call.still` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from kiosk.call import events as ev
from kiosk.daemon.peers import Peers
from kiosk.errors import ControlError, KioskError
from kiosk.ports import Pusher, RoomService, TextReceived
from kiosk.room.still_requests import (
    ANSWER_S,
    DELIVERY_S,
    MAX_STILL_BYTES,
    StillWord,
)


log = logging.getLogger(__name__)

_SLACK_S: Final = 5.0
_LOOK_S: Final = 0.5
_ANSWERS: Final = {
    word.value: word for word in StillWord if word is not StillWord.ASKED
}
_REASONS: Final[Mapping[StillWord, str]] = {
    StillWord.REFUSED: "the other side refused",
    StillWord.UNANSWERED: "nobody pressed a key there in time",
    StillWord.BUSY: "the other side cannot be asked now",
    StillWord.INTERRUPTED: "the call was interrupted before a key was pressed",
    StillWord.FAILED: "a key was pressed, but the picture could not be taken or sent",
}


class Stills:
    """
    Args:
        call: The call's ordinal, for the events.
        room: Carries the stills.
        peers: Who is there.
        post: Gets the events.
        say: Sends a text with its ``cmd``; must not raise RoomError.
        words: What people read beside the ``cmd``.

    """

    def __init__(
        self,
        call: int,
        *,
        room: RoomService,
        peers: Peers,
        post: Callable[[ev.Event], None],
        say: Callable[[str, str], Awaitable[None]],
        words: Mapping[StillWord, str],
    ) -> None:
        self._call = call
        self._room = room
        self._peers = peers
        self._post = post
        self._say = say
        self._words = words
        self._owes_answer = False
        self._heard: asyncio.Queue[tuple[str, StillWord]] | None = None

    def hear(self, message: TextReceived) -> bool:
        """Take a text about stills; True if it is a question, not to be read out."""
        if message.cmd == StillWord.ASKED.value:
            self._post(ev.StillAsked(self._call, message.user_id))
            return True
        answer = _ANSWERS.get(message.cmd)
        if answer is not None and self._heard is not None:
            self._heard.put_nowait((message.user_id, answer))
        return False

    # -- asked -----------------------------------------------------------------

    def owe(self) -> None:
        """Note that the customer was asked, and the peer waits to hear how it ends."""
        self._owes_answer = True

    async def take(self, pusher: Pusher | None) -> None:
        """Take a still and leave it in the room; tell how that went: StillEnded."""
        await self._say_word(StillWord.AGREED)
        try:
            assert pusher is not None, "asked for a still without a camera"
            async with asyncio.timeout(DELIVERY_S):
                jpeg = await pusher.take_still(MAX_STILL_BYTES)
                await self._room.send_still(jpeg)
        except (KioskError, TimeoutError) as exc:
            code = exc.code if isinstance(exc, KioskError) else "R007"
            log.warning("still not sent", extra={"code": code, "reason": str(exc)})
            await self._tell(StillWord.FAILED)
        else:
            log.info("still sent", extra={"bytes": len(jpeg)})
            await self._tell(StillWord.SENT)
        self._post(ev.StillEnded(self._call))

    async def refuse(self, why: StillWord) -> None:
        """Tell the peer that there will be no still, unless he knows already."""
        if why is StillWord.BUSY:
            await self._say_word(why)
        elif self._owes_answer:
            await self._tell(why)

    async def close(self) -> None:
        """Answer a question that the call ended over; the camera is closed."""
        await self.refuse(StillWord.INTERRUPTED)

    async def _tell(self, word: StillWord) -> None:
        self._owes_answer = False
        await self._say_word(word)

    async def _say_word(self, word: StillWord) -> None:
        await self._say(self._words.get(word, word.value), word.value)

    # -- asking ----------------------------------------------------------------

    async def ask(self) -> bytes:
        """
        Ask the others for a still and return the first that comes, a JPEG.

        Raises:
            RoomError: The question could not be sent, or the still not fetched.
            ControlError: There will be none; the text says why.

        """
        if not self._peers.known:
            raise ControlError("nobody is in the call to be asked")
        if self._heard is not None:
            raise ControlError("a still is being asked for already")
        self._heard = asyncio.Queue()
        try:
            word = StillWord.ASKED
            await self._room.send_text(self._words.get(word, word.value), word.value)
            sender = await self._until_sent(self._heard)
            return await self._room.still_of(sender)
        finally:
            self._heard = None

    async def _until_sent(self, heard: asyncio.Queue[tuple[str, StillWord]]) -> str:
        patience_s = ANSWER_S + _SLACK_S
        while True:
            try:
                async with asyncio.timeout(patience_s):
                    user_id, answer = await self._next(heard)
            except TimeoutError:
                raise ControlError("no still: no answer came") from None
            if answer is StillWord.AGREED:
                patience_s = DELIVERY_S + _SLACK_S
            elif answer is StillWord.SENT:
                return user_id
            else:
                raise ControlError(f"no still: {_REASONS[answer]}")

    async def _next(
        self, heard: asyncio.Queue[tuple[str, StillWord]]
    ) -> tuple[str, StillWord]:
        while self._peers.known or not heard.empty():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    return await heard.get()
        raise ControlError("no still: the other side left")
