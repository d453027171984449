"""
Who is with us in the room, kept from looks and from events that overtake them.

Looks (``get_pushers``) may be answered out of order and be older than an event
already heard, so each has a number and only a newer one counts.  After our seat
was lost and taken again, an absent peer proves nothing for a while: it may be
on its way back to a server that forgot everybody (``reliability.md`` R10).  A server
that hands us our own stream as somebody else's is not believed: we would see ourselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from kiosk.errors import NotAMember
from kiosk.room.messages import Member, RoomCode, text_of
from kiosk.room.roster import compare, digest, others
from kiosk.room.script import Fact, MemberJoined, MemberLeft, MemberMoved
from kiosk.room.stream_url import stream_of


MAX_MEMBERS: Final = 16
"""Further members of an absurd answer are not believed (R20)."""
MAX_SHOWN_CHARS: Final = 1024
_OWN_STREAMS: Final = 4  # the newest: a list may lag behind our moving
RETURN_S: Final = 12.0
"""
How long peers may take to come back after a server forgot us all.

A heartbeat period, a request and the worst back-off of a heartbeat.
"""


class MemberList:
    """
    The other members of one room.

    Args:
        self_id: Who we are.
        members: Who is there to begin with.
        push_url: Where our own stream is published, if it is.

    """

    def __init__(
        self, self_id: str, members: Sequence[Member] = (), push_url: str = ""
    ) -> None:
        self._self_id = self_id
        own = [stream_of(push_url)] if push_url else []
        self._own_streams = deque(own, _OWN_STREAMS)
        self._members: tuple[Member, ...] = ()
        self._is_doubtful = False
        self._members = self._playable(members)
        self._last_begun = 0
        self._last_taken = 0
        self._waiting_until: float | None = None
        self._missing: frozenset[str] = frozenset()

    @property
    def missing(self) -> frozenset[str]:
        """Who was with us and has not been seen since our own seat was lost."""
        return self._missing & {one.user_id for one in self.members}

    @property
    def members(self) -> tuple[Member, ...]:
        """The other members, in join order."""
        return others(self._members, self._self_id)

    @property
    def digest(self) -> str:
        """The name of this member set, as servers form it."""
        return digest(self._members)

    def all_joined(self) -> list[Fact]:
        """Return every other member as one that joined."""
        return [MemberJoined(one) for one in self.members]

    def has(self, user_id: str) -> bool:
        """Say whether somebody else of that userID is here."""
        return user_id != self._self_id and self._find(user_id) is not None

    def name_of(self, user_id: str) -> str:
        """Return a member's name, or its userID where it has none."""
        member = self._find(user_id)
        return shown_name(member) if member else user_id

    def play_url(self, user_id: str) -> str:
        """
        Return where a member was last seen to be played.

        Raises:
            NotAMember: There is no such member.

        """
        member = self._find(user_id)
        if member is None:
            code = RoomCode.NOT_A_MEMBER
            raise NotAMember("get_pushers", int(code), text_of(code))
        return member.play_url

    def publish(self, push_url: str) -> None:
        """Note where our own stream is published, beside where it was."""
        self._own_streams.append(stream_of(push_url))

    def begin_look(self) -> int:
        """Return the number of a look that is about to be asked for."""
        self._last_begun += 1
        return self._last_begun

    def take_look(
        self,
        number: int,
        members: Sequence[Member],
        now: float,
        expired: Mapping[str, bool],
    ) -> list[Fact]:
        """
        Take the answer to a look and return what changed, departures first.

        Args:
            number: From :meth:`begin_look`.
            members: What was answered, in join order, perhaps with ourselves.
            now: Monotonic seconds.
            expired: Why members are gone, where an event told.

        """
        if number <= self._last_taken:
            return []
        self._last_taken = number
        seen = self._playable(members)
        here = {one.user_id for one in seen}
        unexplained = False
        if self._waiting_until is not None:
            unexplained = True
            if now < self._waiting_until:
                seen = self._with_the_missing(seen, expired)
            else:
                self._waiting_until = None
        self._missing = frozenset(one.user_id for one in seen) - here
        change = compare(self._members, seen, self._self_id)
        self._members = seen
        return [
            *(
                MemberLeft(one.user_id, expired.get(one.user_id, unexplained))
                for one in change.left
            ),
            *(MemberMoved(one) for one in change.moved),
            *(MemberJoined(one) for one in change.joined),
        ]

    def drop(self, user_id: str, *, expired: bool) -> list[Fact]:
        """Take an event's word that a member is gone."""
        if not self.has(user_id):
            return []
        self._members = tuple(one for one in self._members if one.user_id != user_id)
        self._last_taken = self._last_begun  # looks under way are older than this
        return [MemberLeft(user_id, expired)]

    def wait_for_returns(self, now: float) -> None:
        """Believe no absence for a while; our own seat was lost."""
        self._waiting_until = now + RETURN_S
        self._missing = frozenset(one.user_id for one in self.members)

    def wants_look(self, now: float) -> bool:
        """Say whether what was seen last is to be looked at again."""
        is_over = self._waiting_until is not None and now >= self._waiting_until
        return is_over or self._is_doubtful

    def _find(self, user_id: str) -> Member | None:
        found = (one for one in self._members if one.user_id == user_id)
        return next(found, None)

    def _playable(self, members: Sequence[Member]) -> tuple[Member, ...]:
        # Servers show play URLs to members only; we may just have been put out.
        known = {one.user_id: one.play_url for one in self._members}
        self._is_doubtful = any(map(self._is_loop, members))
        urls = (self._url_of(one) or known.get(one.user_id, "") for one in members)
        seen = zip(members, urls, strict=True)
        return tuple(replace(one, play_url=url) for one, url in seen if url)[
            :MAX_MEMBERS
        ]

    def _url_of(self, member: Member) -> str:
        return "" if self._is_loop(member) else member.play_url

    def _is_loop(self, member: Member) -> bool:
        is_ours = stream_of(member.play_url) in self._own_streams
        return is_ours and member.user_id != self._self_id

    def _with_the_missing(
        self, seen: tuple[Member, ...], expired: Mapping[str, bool]
    ) -> tuple[Member, ...]:
        known = {one.user_id for one in seen} | set(expired)
        return seen + tuple(one for one in self._members if one.user_id not in known)


def shown_name(member: Member) -> str:
    """Return what people read as a member's name; its userID where it has none."""
    return plain_text(member.user_name) or member.user_id


def plain_text(text: str) -> str:
    """Return a stranger's text without control characters, cut to a screenful."""
    kept = (char if char.isprintable() else " " for char in text[:MAX_SHOWN_CHARS])
    return "".join(kept).strip()
