"""
Still pictures on their way from one member of a room to the others.

In the memory of this process and nowhere else: no store, no disk, no other server
of a group sees one (whoever balances several servers sends these requests of one
room to the same one; clients name it in the query).  A member has one still, his
newest; it lives two minutes at most and no longer than his seat.  Bounded in size,
number and all together.  ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kiosk.room.codes import RoomCode
from kiosk.room.still_requests import GET_BYTES, StillPart
from kiosk.roomserver.asking import Refused


KEEP_S: Final = 120.0
"""From its last part on."""
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all stills together, announced sizes counted."""
MAX_STILLS: Final = 256
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(slots=True)
class _Still:
    room_key: str
    size: int
    until: float
    jpeg: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def is_whole(self) -> bool:
        return len(self.jpeg) == self.size


class Stills:
    """The table of stills, by sender."""

    def __init__(self, max_bytes: int = MAX_BYTES, keep_s: float = KEEP_S) -> None:
        self._max_bytes = max_bytes
        self._keep_s = keep_s
        self._stills: dict[str, _Still] = {}

    def __len__(self) -> int:
        """Return how many stills are kept, half ones too."""
        return len(self._stills)

    def put(self, room_key: str, sender: str, part: StillPart, now: float) -> None:
        """
        Take the next part of a still; the first one replaces the sender's last still.

        Raises:
            Refused: It is no JPEG, not the next part, or there is no room for it.

        """
        still = self._stills.get(sender)
        if part.offset == 0:
            still = self._begin(room_key, sender, part, now)
        if still is None or (still.room_key, still.size) != (room_key, part.size):
            raise Refused(RoomCode.BAD_PARAMETER, "begin a still with offset 0")
        end = part.offset + len(part.data)
        if part.offset == len(still.jpeg):
            still.jpeg += part.data
        elif bytes(still.jpeg[part.offset : end]) != part.data:
            raise Refused(RoomCode.BAD_PARAMETER, "not the next part of the still")
        still.until = now + self._keep_s

    def get(self, room_key: str, sender: str, offset: int, now: float) -> StillPart:
        """
        Return a part of a whole still.

        Raises:
            Refused: There is none of that sender in that room, or no such part.

        """
        still = self._stills.get(sender)
        if still is None or now >= still.until or still.room_key != room_key:
            raise Refused(RoomCode.BAD_PARAMETER, "no still of that member is kept")
        if not still.is_whole or offset >= still.size:
            raise Refused(RoomCode.BAD_PARAMETER, "no such part of the still")
        part = bytes(still.jpeg[offset : offset + GET_BYTES])
        return StillPart(still.size, offset, part)

    def sweep(self, now: float, is_seated: Callable[[str, str], bool]) -> None:
        """Forget what is too old, or whose sender sits (room, user) no more."""
        for sender, still in tuple(self._stills.items()):
            if now >= still.until or not is_seated(still.room_key, sender):
                del self._stills[sender]

    def _begin(self, room_key: str, sender: str, part: StillPart, now: float) -> _Still:
        if not part.data.startswith(_JPEG):
            raise Refused(RoomCode.BAD_PARAMETER, "a still is a JPEG")
        self._stills.pop(sender, None)
        held = sum(still.size for still in self._stills.values())
        if held + part.size > self._max_bytes or len(self._stills) >= MAX_STILLS:
            raise Refused(RoomCode.SERVER_ERROR, "too many stills are kept now")
        still = _Still(room_key, part.size, now + self._keep_s)
        self._stills[sender] = still
        return still
