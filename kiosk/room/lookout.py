"""
Looking at the room of a seat, and telling what changed since the last time.

Whatever brings news (a long poll, the IM channel, a heartbeat) ends here: in a
look at ``get_pushers``, which has the last word, or in a fact that needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.room.conversation import REQUEST_S, Conversation
from kiosk.room.im_channel import ImChannel
from kiosk.room.member_list import MemberList, plain_text
from kiosk.room.messages import EventKind, GetPushers, Member, RoomEvent
from kiosk.room.room_pages import read_rooms, sits_elsewhere
from kiosk.room.script import Fact, MemberStreamLost, RecordingTold, Script, TextArrived


UNTOLD_S: Final = 7.0
"""How long an IM channel that is up is believed to have nothing to tell."""
_UNEXPLAINED: Final[Mapping[str, bool]] = {}


class Lookout:
    """
    What is known of the others in one room.

    Attributes:
        others: Who they are.
        must_look: A look is due; it may have failed.
        creator: Whose room it is, as far as it was said.

    """

    def __init__(
        self,
        talk: Conversation,
        room_id: str,
        members: tuple[Member, ...],
        push_url: str = "",
        creator: str = "",
    ) -> None:
        self._talk = talk
        self._room_id = room_id
        self.others = MemberList(talk.user_id, members, push_url)
        self.must_look = not members
        self.creator = creator
        self._looked_at = talk.now
        self._is_recorded = False

    def is_told_by(self, channel: ImChannel | None) -> bool:
        """Say whether a channel will have told of any change since we looked."""
        is_heard = channel is not None and channel.is_up and not self.must_look
        return is_heard and self._talk.now - self._looked_at < UNTOLD_S

    def begin(self) -> Script[None]:
        """Tell who is there."""
        yield from self._tell(self.others.all_joined())

    def look(self, expired: Mapping[str, bool] = _UNEXPLAINED) -> Script[None]:
        """
        Look, and tell what changed.

        Args:
            expired: Why members are gone, where an event told.

        Raises:
            RoomError: The room was not seen.

        """
        number = self.others.begin_look()
        wanted = GetPushers(self._room_id, self._talk.tickets)
        room = yield from self._talk.ask(wanted)
        self.must_look = False
        self._looked_at = self._talk.now
        self.creator = room.creator or self.creator
        facts = self.others.take_look(number, room.members, self._talk.now, expired)
        yield from self._tell(facts)

    def pass_on(self, event: RoomEvent) -> Script[None]:
        """Tell what an event says by itself."""
        user_id = event.user_id
        if event.kind is EventKind.TEXT:
            yield from self.tell_text(user_id, event.text, event.cmd)
        elif event.kind is not EventKind.STREAM_LOST:
            expired = event.kind is EventKind.EXPIRED
            yield from self._tell(self.others.drop(user_id, expired=expired))
        elif self.others.has(user_id):
            yield from self._talk.tell(MemberStreamLost(user_id))

    def tell_text(self, user_id: str, text: str, cmd: str = "") -> Script[None]:
        """Tell what somebody said, or what a program said for it (``cmd``)."""
        name = self.others.name_of(user_id)
        said = TextArrived(user_id, name, plain_text(text), cmd)
        yield from self._talk.tell(said)

    def note_recording(self, *, is_on: bool) -> Script[None]:
        """Tell that a recorder takes a stream of the room, or no longer, once."""
        if is_on is not self._is_recorded:
            yield from self._talk.tell(RecordingTold(is_on))
        self._is_recorded = is_on

    def wait_for_returns(self) -> None:
        """Look, but believe no absence for a while; our own seat was lost."""
        self.others.wait_for_returns(self._talk.now)

    def has_moved_on(self, label: str) -> Script[bool]:
        """
        Say whether somebody we miss sits in another room of our room's label.

        So is its creator missed, whom all came to see, also who left before: the room
        went on without him, but once it was forgotten there is only his.

        Raises:
            RoomError: The list of rooms was not seen.

        """
        missing = self.others.missing
        if self.creator != self._talk.user_id and not self.others.has(self.creator):
            missing |= {self.creator} - {""}
        if not (missing and label):
            return False
        rooms = yield from read_rooms(self._talk, self._talk.now + REQUEST_S)
        return sits_elsewhere(rooms, self._room_id, label, missing)

    def _tell(self, facts: list[Fact]) -> Script[None]:
        for fact in facts:
            yield from self._talk.tell(fact)
