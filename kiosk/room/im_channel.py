"""
Our ear and voice in the IM group of a room, where a cloud carries the channel.

One for a kiosk's life: the login at the gateway outlives a room.  The channel is
up from a joined group to the first failure; whoever listens (:mod:`.group_news`)
brings it back, and until then ``get_pushers`` is looked at instead.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from kiosk.errors import RoomError
from kiosk.room.conversation import REQUEST_S, Conversation
from kiosk.room.im import ImCode
from kiosk.room.im_messages import Said
from kiosk.room.im_requests import (
    CLIENT_HOLD_S,
    Heard,
    ImLogin,
    ImRefused,
    JoinGroup,
    ListenToGroup,
    LogIn,
    QuitGroup,
    SayToGroup,
)
from kiosk.room.script import Script


QUIT_S: Final = 1.0
COMES_UP_S: Final = 2.0
"""What is said waits so long for the group; a join takes tenths of a second."""
_LOOK_S: Final = 0.05
_RANDOM_BELOW: Final = 2**31


class ImChannel:
    """
    The group of one room at a time.

    Attributes:
        is_up: We are in the group and hear of it.

    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._login: ImLogin | None = None
        self._sig_is_doubtful = False
        self._group_id = ""
        self._key: str = ""
        self._next_seq: int = 0
        self._hold_s: float = CLIENT_HOLD_S
        self.is_up = False

    def enter(self, group_id: str) -> Script[None]:
        """
        Come into a group, logging in first where that is not done.

        Raises:
            RoomError: The channel stays down.

        """
        self.is_up = False
        self._group_id = group_id
        try:
            if self._login is None:
                yield from self._log_in()
            self._key = yield from self._talk.ask_gateway(
                JoinGroup(group_id), self._login, REQUEST_S
            )
        except ImRefused:
            self._login = None  # perhaps that is void: the next try begins there
            raise
        self._next_seq = 0
        self.is_up = True

    def is_up_soon(self) -> Script[bool]:
        """Wait a little for a group that we enter; say whether we are in it."""
        until = self._talk.now + COMES_UP_S
        while self._group_id and not self.is_up and self._talk.now < until:
            yield from self._talk.pause(_LOOK_S)
        return self.is_up

    def listen(self) -> Script[tuple[Heard, ...]]:
        """
        Wait for news of the group; none is an answer too.

        Raises:
            RoomError: The channel is down.

        """
        poll = ListenToGroup(self._group_id, self._next_seq, self._key)
        try:
            news = yield from self._talk.ask_gateway(
                poll, self._login, self._hold_s + REQUEST_S
            )
        except ImRefused as refused:
            if refused.im_code == ImCode.NOTHING_NEW:
                return ()
            self.is_up, self._login = False, None
            raise
        except RoomError:
            self.is_up = False
            raise
        self._next_seq, self._key = news.next_seq, news.key
        self._hold_s = news.hold_s
        return news.heard

    def say(self, said: Said) -> Script[None]:
        """
        Say something to the group; not repeated, it would arrive twice.

        Raises:
            RoomError: It was not taken.

        """
        identity = self._talk.identity
        message = SayToGroup(
            group_id=self._group_id,
            user_id=self._talk.user_id,
            user_name=identity.user_name,
            avatar=identity.user_avatar,
            said=said,
            random=int(self._talk.pauses.scatter() * _RANDOM_BELOW),
        )
        yield from self._talk.ask_gateway(message, self._login, REQUEST_S)

    def quit(self) -> Script[None]:
        """Leave the group; never raises :exc:`RoomError`."""
        group_id, self._group_id = self._group_id, ""
        was_up, self.is_up = self.is_up, False
        if was_up:
            quit_group = QuitGroup(group_id)
            with suppress(RoomError):
                yield from self._talk.ask_gateway(quit_group, self._login, QUIT_S)

    def _log_in(self) -> Script[None]:
        if self._sig_is_doubtful:
            yield from self._talk.renew_account()
        self._sig_is_doubtful = True
        self._login = yield from self._talk.ask_gateway(LogIn(), None, REQUEST_S)
        self._sig_is_doubtful = False
