"""
How often, and how long, we try to get back a seat that its server gave away.

:class:`~kiosk.room.membership.Membership` asks; here is when not to ask any more.
"""

from __future__ import annotations

from typing import Final

from kiosk.errors import RoomRefused
from kiosk.room.conversation import Conversation
from kiosk.room.messages import RoomCode
from kiosk.room.script import Script, StreamForgotten


REJOIN_S: Final = 60.0
UNAIDED_S: Final = 1.0
"""How long the media may take to notice by themselves that they need a push URL."""
HOMELESS_S: Final = 20.0
"""How long they may take to bring one that the server accepts again."""
_PAUSE_S = 0.5


class Returns:
    """How often a seat may be taken again that its server gave away."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._at = -REJOIN_S
        self._times_forgotten = talk.logins_again.times_forgotten

    def are_over(self) -> bool:
        """Whether we are put out again so soon, and not because all was forgotten."""
        before, now = self._times_forgotten, self._talk.logins_again.times_forgotten
        self._times_forgotten = now
        return self._talk.now - self._at < REJOIN_S and now == before

    def note(self) -> None:
        """Note that it was taken again."""
        self._at = self._talk.now


class Homelessness:
    """
    The time in which the server lives but takes our push URL for nobody's.

    Where its relay ended our stream too, the media will come with a new one by
    themselves.  Another's relay did not: then they must be told.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._since: float | None = None
        self._is_told = False

    def end(self) -> None:
        """Note that we have our seat."""
        self._since, self._is_told = None, False

    def bear(self, error: RoomRefused) -> Script[bool]:
        """
        Wait a moment after a refusal, and tell the media once, if they are to be told.

        Returns:
            False where it lasts too long: the seat is to be given up.

        """
        if self._since is None:
            self._since = self._talk.now
        lasts_s = self._talk.now - self._since
        if lasts_s >= HOMELESS_S:
            return False
        is_forgotten = error.room_code == RoomCode.BAD_PARAMETER
        if is_forgotten and lasts_s >= UNAIDED_S and not self._is_told:
            self._is_told = True
            yield from self._talk.tell(StreamForgotten())
        yield from self._talk.pause(_PAUSE_S)
        return True
