"""
Still pictures on their way from one member of a room to the others.

In the memory of this process and nowhere else: no store, no disk, no other server
of a group sees one (whoever balances several servers sends these requests of one
room to the same one; clients name it in the query).  A member has one still, his
newest; it lives two minutes at most and no longer than his seat, which is another
one once he came back with another stream.  Bounded in size, number and all
together.  ``now`` is monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kiosk.room.codes import RoomCode
from kiosk.room.still_requests import GET_BYTES, StillPart
from kiosk.roomserver.asking import Refused
from kiosk.roomserver.store import Seat


KEEP_S: Final = 120.0
"""From its first part on; no later one makes it longer."""
UNFINISHED_S: Final = 15.0
"""Until the next part: a sender is patient for 8 s with each."""
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all stills together, announced sizes counted."""
MAX_STILLS: Final = 256
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(slots=True)
class _Still:
    room_key: str
    epoch: int
    size: int
    until: float
    next_by: float
    jpeg: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def is_whole(self) -> bool:
        return len(self.jpeg) == self.size

    def is_over(self, now: float) -> bool:
        return now >= self.until or (not self.is_whole and now >= self.next_by)

    def is_of(self, room_key: str, seat: Seat) -> bool:
        return (self.room_key, self.epoch) == (room_key, seat.epoch)

    def has(self, part: StillPart) -> bool:
        end = part.offset + len(part.data)
        is_same = bytes(self.jpeg[part.offset : end]) == part.data
        return is_same and self.size == part.size


class Stills:
    """The table of stills, by sender."""

    def __init__(self, max_bytes: int = MAX_BYTES, keep_s: float = KEEP_S) -> None:
        self._max_bytes = max_bytes
        self._keep_s = keep_s
        self._stills: dict[str, _Still] = {}

    def __len__(self) -> int:
        """Return how many stills are kept, half ones too."""
        return len(self._stills)

    def put(self, room_key: str, seat: Seat, part: StillPart, now: float) -> None:
        """
        Take the next part of a still; a new first one replaces the sender's last still.

        Raises:
            Refused: It is no JPEG, not the next part, or there is no room for it.

        """
        still = self._of(room_key, seat, now)
        if part.offset == 0 and (still is None or not still.has(part)):
            still = self._begin(room_key, seat, part, now)
        if still is None or still.size != part.size:
            raise Refused(RoomCode.BAD_PARAMETER, "begin a still with offset 0")
        if part.offset == len(still.jpeg):
            still.jpeg += part.data
            still.next_by = now + UNFINISHED_S
        elif not still.has(part):
            raise Refused(RoomCode.BAD_PARAMETER, "not the next part of the still")

    def get(self, room_key: str, seat: Seat, offset: int, now: float) -> StillPart:
        """
        Return a part of the whole still that was sent from a seat.

        Raises:
            Refused: There is none from that seat in that room, or no such part.

        """
        still = self._of(room_key, seat, now)
        if still is None:
            raise Refused(RoomCode.BAD_PARAMETER, "no still of that member is kept")
        if not still.is_whole or offset >= still.size:
            raise Refused(RoomCode.BAD_PARAMETER, "no such part of the still")
        part = bytes(still.jpeg[offset : offset + GET_BYTES])
        return StillPart(still.size, offset, part)

    def sweep(self, now: float, is_seated: Callable[[str, str, int], bool]) -> None:
        """Forget what is over, or whose sender's seat (room, user, epoch) is."""
        for sender, still in tuple(self._stills.items()):
            seat = still.room_key, sender, still.epoch
            if still.is_over(now) or not is_seated(*seat):
                del self._stills[sender]

    def _of(self, room_key: str, seat: Seat, now: float) -> _Still | None:
        still = self._stills.get(seat.user_id)
        if still is None or still.is_over(now) or not still.is_of(room_key, seat):
            return None
        return still

    def _begin(self, room_key: str, seat: Seat, part: StillPart, now: float) -> _Still:
        if not part.data.startswith(_JPEG):
            raise Refused(RoomCode.BAD_PARAMETER, "a still is a JPEG")
        self._stills.pop(seat.user_id, None)
        held = sum(still.size for still in self._stills.values())
        if held + part.size > self._max_bytes or len(self._stills) >= MAX_STILLS:
            raise Refused(RoomCode.SERVER_ERROR, "too many stills are kept now")
        until, next_by = now + self._keep_s, now + UNFINISHED_S
        still = _Still(room_key, seat.epoch, part.size, until, next_by)
        self._stills[seat.user_id] = still
        return still
