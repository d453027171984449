"""
When each member was last heard, and since when an id is only reserved.

Clocks are not facts worth storing: after a restart they begin anew, with the
whole grace.  When the sweep itself was late (a stopped or starved process),
everybody is given that lateness: nobody could have been heard meanwhile.
``now`` is monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass


_LATENESS_FORGIVEN_FROM_S = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long silence is borne; seconds."""

    late_s: float = 20.0
    sweep_s: float = 5.0
    unpushed_s: float = 60.0
    """How long an id stays reserved for a room nobody pushes to."""


class Attendance:
    """The clocks of members and reservations."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._last_seen: dict[tuple[str, str], float] = {}
        self._reserved_at: dict[str, float] = {}
        self._last_sweep: float | None = None

    def heard(self, room_id: str, user_id: str, now: float) -> None:
        """Note that a member lives."""
        self._last_seen[room_id, user_id] = now

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
