"""
The still pictures of one call, on both sides of it.

Asked (:meth:`Stills.hear`): the machine asks the customer; a key takes the still,
which goes to the room server and to no disk, and the peer is told how it ended,
also when the call ends over the question.  Asking (:meth:`Stills.ask`): the others'
answers are waited for, until one sends a still, which is fetched, or nobody will.

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
from kiosk.daemon.still_question import StillQuestion
from kiosk.errors import ControlError, KioskError
from kiosk.ports import Pusher, RoomService, TextReceived
from kiosk.room.still_requests import (
    DELIVERY_S,
    MAX_STILL_BYTES,
    StillWord,
)


log = logging.getLogger(__name__)

_LOOK_S: Final = 0.5
_ANSWERS: Final = {
    word.value: word for word in StillWord if word is not StillWord.ASKED
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
        self._question: StillQuestion | None = None
        self._news = asyncio.Event()

    def hear(self, message: TextReceived) -> bool:
        """Take a text about stills; True if it is a question, not to be read out."""
        if message.cmd == StillWord.ASKED.value:
            self._post(ev.StillAsked(self._call, message.user_id))
            return True
        answer = _ANSWERS.get(message.cmd)
        if answer is not None and self._question is not None:
            self._question.hear(message.user_id, answer, _now())
            self._news.set()
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
        if self._question is not None:
            raise ControlError("a still is being asked for already")
        self._question = question = StillQuestion(self._peers.known, _now())
        try:
            word = StillWord.ASKED
            await self._room.send_text(self._words.get(word, word.value), word.value)
            await self._until_over(question)
            return await self._room.still_of(question.sender)
        finally:
            self._question = None

    def stop_asking(self) -> None:
        """End our own question, if there is one: the call ends."""
        if self._question is not None:
            self._question.look(self._peers.known, _now())
            self._question.end("the call ended here")
            self._news.set()

    async def _until_over(self, question: StillQuestion) -> None:
        while not question.is_over:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._news.wait()
            question.look(self._peers.known, _now())
        if not question.sender:
            raise ControlError(f"no still: {question.reason}")


def _now() -> float:
    return asyncio.get_running_loop().time()
