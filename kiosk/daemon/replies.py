"""
What a kiosk answers by itself, and what ``kiosk say N`` sends: it has no keyboard.

A reply goes out marked (:data:`REPLY`), and nothing that is marked is answered:
two kiosks never talk to each other without end.  To texts that come fast only the
first is answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.errors import ControlError
from kiosk.ports import Clock, TextReceived


REPLY: Final = "reply"
"""The ``cmd`` of a text that was configured, not typed."""

_PAUSE_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One configured text.

    Attributes:
        text: What the others read.
        pattern: Which texts it answers, ``*`` for anything, capitals alike;
            empty: it is sent by hand only.

    """

    text: str
    pattern: str = ""


class Replies:
    """
    Answers the texts of one call.

    Args:
        replies: As configured; the first that fits is sent.
        clock: Tells what comes too fast.
        say: Sends a text with its ``cmd``; must not raise RoomError.

    """

    def __init__(
        self,
        replies: Sequence[Reply],
        clock: Clock,
        say: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._replies = replies
        self._clock = clock
        self._say = say
        self._quiet_until = 0

    async def answer(self, message: TextReceived) -> None:
        """Answer a text that somebody typed, if a reply fits it."""
        if message.cmd:
            return
        fitting = (one for one in self._replies if fits(one.pattern, message.text))
        reply = next(fitting, None)
        now = self._clock.now()
        if reply is not None and now >= self._quiet_until:
            self._quiet_until = now + _PAUSE_US
            await self._say(reply.text, REPLY)


def numbered(replies: Sequence[Reply], number: int) -> Reply:
    """
    Return a reply by its number, from 1.

    Raises:
        ControlError: There is none.

    """
    if not 1 <= number <= len(replies):
        raise ControlError(f"no reply {number}: [call] replies has {len(replies)}")
    return replies[number - 1]


def fits(pattern: str, text: str) -> bool:
    """Say whether a whole text is as a pattern says; an empty one fits none."""
    if not pattern:
        return False
    first, *parts = pattern.casefold().split("*")
    rest = " ".join(text.casefold().split())
    if not parts:
        return rest == first
    *middle, last = parts
    if not rest.startswith(first):
        return False
    rest = rest.removeprefix(first)
    for part in middle:
        at = rest.find(part)
        if at < 0:
            return False
        rest = rest[at + len(part) :]
    return rest.endswith(last)
