"""
Who came, who went, whose stream moved: the difference of two member lists.

The originals compare by userID only, so a member who comes back with a new
stream between two looks is never noticed (protocol section 7.2).  Here a member
is userID *and* play URL, which our server keeps unchanged for as long as a seat
keeps its stream, but for the ticket in it.  Oneself is never part of the difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.room.answers import Member
from kiosk.room.stream_ticket import place_of
from kiosk.room.stream_url import stream_of


_DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What differs between two looks at a room."""

    joined: tuple[Member, ...] = ()
    left: tuple[Member, ...] = ()
    moved: tuple[Member, ...] = ()
    """Still there, but to be played from another URL."""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing changed."""
        return not (self.joined or self.left or self.moved)


def compare(
    before: Iterable[Member], after: Iterable[Member], self_id: str
) -> RosterChange:
    """
    Return the change from one member list to the next, without ``self_id``.

    A member named twice counts once, by its last entry.
    """
    old = _others(before, self_id)
    new = _others(after, self_id)
    return RosterChange(
        joined=tuple(member for key, member in new.items() if key not in old),
        left=tuple(member for key, member in old.items() if key not in new),
        moved=tuple(
            member
            for key, member in new.items()
            if key in old and place_of(member.play_url) != place_of(old[key].play_url)
        ),
    )


def others(members: Iterable[Member], self_id: str) -> tuple[Member, ...]:
    """Return the members but oneself, each once, in their order."""
    return tuple(_others(members, self_id).values())


def digest(members: Iterable[Member]) -> str:
    """
    Return a short name of a member set: equal sets, equal names.

    Over userID and stream of every member, oneself included; a server sends it
    with events, a client compares it with its own list.
    """
    return digest_of_streams(
        (member.user_id, stream_of(member.play_url)) for member in members
    )


def digest_of_streams(seats: Iterable[tuple[str, str]]) -> str:
    """Return :func:`digest` for (userID, stream name) pairs."""
    lines = sorted(f"{user_id} {stream}\n" for user_id, stream in seats)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:_DIGEST_CHARS]


def _others(members: Iterable[Member], self_id: str) -> dict[str, Member]:
    return {member.user_id: member for member in members if member.user_id != self_id}
