"""
Rooms as JSON text, written once a change and told often.

What get_pushers and get_room_list tell of a room changes with the room alone, but for
the play URLs: those differ by who asks and when.  So a text has a gap for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kiosk.room.answers import Room
from kiosk.room.wire_json import dump_json, quoted


_NO_URL: Final = b'"accelerateURL":""'
"""Within a text each quote has a backslash before it: nobody's name holds this."""
_A_URL: Final = b'"accelerateURL":%b'


class RoomText:
    """
    One room, told again and again.

    Args:
        room: Its members without play URLs.

    """

    __slots__ = ("_form", "_plain")

    def __init__(self, room: Room) -> None:
        self._plain = dump_json(room.to_wire())[1:-1]
        self._form = self._plain  # a room nobody is in has no URL to fill in
        if room.members:
            self._form = self._plain.replace(b"%", b"%%").replace(_NO_URL, _A_URL)

    def fields(self, play_urls: Sequence[str] = ()) -> bytes:
        """
        Return the fields of the room's object, without its braces.

        Args:
            play_urls: One for each member, in their order; none: nobody's.

        """
        if not play_urls:
            return self._plain
        return self._form % tuple([quoted(url) for url in play_urls])


def list_fields(rooms: Iterable[bytes]) -> bytes:
    """Return the field of get_room_list; ``rooms`` are the fields of each."""
    objects = b"},{".join(rooms)
    return b'"rooms":[{%b}]' % objects if objects else b'"rooms":[]'
