"""
One question for a still, asked of everybody in the call: who may yet send one.

It is over when one has sent it, or nobody is left who might: each said no, left or
let his time pass. It neither waits nor sends; times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from kiosk.room.still_requests import ANSWER_S, DELIVERY_S, StillWord


_SLACK_S: Final = 5.0
_REFUSALS: Final[Mapping[StillWord, str]] = {
    StillWord.REFUSED: "the other side refused",
    StillWord.UNANSWERED: "nobody pressed a key there in time",
    StillWord.BUSY: "the other side cannot be asked now",
    StillWord.INTERRUPTED: "the call was interrupted before a key was pressed",
    StillWord.FAILED: "a key was pressed, but the picture could not be taken or sent",
}


class StillQuestion:
    """
    Args:
        asked: The user_ids of those who are in the call.
        now: When they were asked.

    Attributes:
        sender: The user_id of who sent a still first; empty before.

    """

    def __init__(self, asked: Collection[str], now: float) -> None:
        self._until = dict.fromkeys(asked, now + ANSWER_S + _SLACK_S)
        self._reasons: dict[str, None] = {}
        self.sender = ""

    @property
    def is_over(self) -> bool:
        """Whether there is a still, or will be none."""
        return bool(self.sender) or not self._until

    @property
    def reason(self) -> str:
        """Why there is none: what each said, told once."""
        return "; ".join(self._reasons)

    def hear(self, user_id: str, word: StillWord, now: float) -> None:
        """Take an answer; also that of one who came as the question was asked."""
        if self.is_over:
            return
        if word is StillWord.SENT:
            self.sender = user_id
        elif word is StillWord.AGREED:
            self._until[user_id] = now + DELIVERY_S + _SLACK_S
        elif word in _REFUSALS:
            self._drop(_REFUSALS[word], lambda one: one == user_id)

    def look(self, known: Collection[str], now: float) -> None:
        """Wait no more for those who left, nor for those whose time is over."""
        self._drop("the other side left", lambda one: one not in known)
        self._drop("no answer came", lambda one: now >= self._until[one])

    def end(self, reason: str) -> None:
        """Wait for nobody any more."""
        self._drop(reason, lambda _: True)

    def _drop(self, reason: str, is_out: Callable[[str], bool]) -> None:
        for user_id in [one for one in self._until if is_out(one)]:
            del self._until[user_id]
            self._reasons[reason] = None
