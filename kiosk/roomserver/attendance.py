"""
When each member was last heard, and since when an id is only reserved.

Clocks are not facts worth storing: after a restart they begin anew, with the
whole grace.  When the sweep itself was late (a stopped or starved process),
everybody is given that lateness: nobody could have been heard meanwhile.
Where several processes share the rooms, each keeps clocks of its own and tells
the others whom it heard: they count from when they were told.  ``now`` is
monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.room.wire_json import Wire
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf


_LATENESS_FORGIVEN_FROM_S = 1.0
_NOTHING_MORE: Wire = {}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long silence is borne; seconds."""

    late_s: float = 20.0
    sweep_s: float = 5.0
    unpushed_s: float = 60.0
    """How long an id stays reserved for a room nobody pushes to."""


class Attendance:
    """
    The clocks of members and reservations.

    Args:
        ledger: Tells other processes who was heard.

    """

    def __init__(self, patience: Patience, ledger: Ledger | None = None) -> None:
        self._patience = patience
        self._ledger = ledger or ForgetfulLedger()
        self._last_seen: dict[tuple[str, str], float] = {}
        self._reserved_at: dict[str, float] = {}
        self._last_sweep: float | None = None

    def heard(self, room_id: str, user_id: str, now: float) -> None:
        """Note that a member lives."""
        if self._last_sweep is None:  # the first sweep may be late, too
            self._last_sweep = now
        self._last_seen[room_id, user_id] = now
        self._ledger.note(Shelf.HEARD, f"{room_id} {user_id}", _NOTHING_MORE)

    def heard_elsewhere(self, name: str, now: float) -> None:
        """Take in that another process heard a member."""
        room_id, _, user_id = name.partition(" ")  # neither holds a space
        self._last_seen[room_id, user_id] = now

    def changed_elsewhere(
        self, before: RoomRecord | None, after: RoomRecord | None
    ) -> None:
        """Forget those whom another process took out of a room, or its end."""
        if before is None:
            return
        if after is None or after.seats:
            self.settled(before.room_id)
        for seat in before.seats:
            if after is None or after.seat_of(seat.user_id) is None:
                self.gone(before.room_id, seat.user_id)

    def begin_anew(self, now: float) -> None:
        """Count everybody as heard now."""
        self._last_seen = dict.fromkeys(self._last_seen, now)

    def gone(self, room_id: str, user_id: str) -> None:
        """Forget a member."""
        self._last_seen.pop((room_id, user_id), None)

    def reserved(self, room_id: str, now: float) -> None:
        """Note that an id waits for its first member."""
        self._reserved_at[room_id] = now

    def settled(self, room_id: str) -> None:
        """Forget a reservation: somebody came, or the room is gone."""
        self._reserved_at.pop(room_id, None)

    def silent_s(self, room_id: str, user_id: str, now: float) -> float:
        """Return how long a member was not heard; a clock unknown starts now."""
        return now - self._last_seen.get((room_id, user_id), now)

    def is_late(self, room_id: str, user_id: str, now: float) -> bool:
        """Say whether a member is silent too long; a clock unknown starts now."""
        seen = self._last_seen.setdefault((room_id, user_id), now)
        return now - seen > self._patience.late_s

    def is_overdue(self, room_id: str, now: float) -> bool:
        """Say whether nobody came to an id; a clock unknown starts now."""
        since = self._reserved_at.setdefault(room_id, now)
        return now - since > self._patience.unpushed_s

    def begin_sweep(self, now: float) -> None:
        """Forgive everybody the lateness of this sweep."""
        planned = self._patience.sweep_s
        lateness = 0.0 if self._last_sweep is None else now - self._last_sweep - planned
        self._last_sweep = now
        if lateness > _LATENESS_FORGIVEN_FROM_S:
            for key, seen in self._last_seen.items():
                self._last_seen[key] = min(now, seen + lateness)
