"""
The queue for seats: who waits for which rooms, in the order they came.

Pure: ``now`` is monotonic seconds and always an argument.  Rules:

1. A seat that becomes free is kept at once for the first who waits for its room;
   :meth:`SeatQueue.may_sit` then refuses it to everybody else (5001).
2. Whoever does not come for a kept seat in time loses it and his place; who
   falls silent loses his place.
3. Seats are only given where the room's creator sits: there somebody answers.
4. The table is bounded; above that a caller is answered but not lined up.

5. Places are facts: they outlive the process, and processes that share a ledger
   have one line.  Whoever takes a place in waits for its owner as long as if he
   had just been heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kiosk.room.fields import Fields
from kiosk.room.queue_requests import MAX_TARGET_BYTES, QueuePlace, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.room.targets import MAX_TARGETS, HuntGroup, matching
from kiosk.room.wire_json import Wire
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.spaces import id_of, key_of, type_of
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf
from kiosk.roomserver.waiter import Waiter


LINE: Final = "queue"
"""The bell that says that somebody's place is another one now."""
_NOTHING_MORE: Wire = {}
_ELSEWHERE = -1


@dataclass(frozen=True, slots=True)
class QueueRules:
    """
    Numbers of the queue.

    Attributes:
        turn_s: How long a seat is kept for its first in line, from when he was
            last heard of.
        longest_turn_s: How long at most, however often he asks.
        patience_s: Silence after a poll that costs the place.
        max_waiting: Who is kept in line, all room types together.

    """

    turn_s: float = 10.0
    longest_turn_s: float = 60.0
    patience_s: float = 5.0
    max_waiting: int = 512


@dataclass(frozen=True, slots=True)
class _Listed:
    room_id: str
    label: str
    key: str = field(repr=False)


class SeatQueue:
    """
    Waiters of all room types in order of arrival.

    Args:
        rooms: Where seats are; only read.
        ledger: Where places are kept; told the bell :data:`LINE` when some are
            other ones now.

    """

    def __init__(
        self, rules: QueueRules, rooms: Rooms, ledger: Ledger | None = None
    ) -> None:
        self._rules = rules
        self._rooms = rooms
        self._ledger = ledger or ForgetfulLedger()
        self._waiters: dict[str, Waiter] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        """Return how many are in line, those with a kept seat included."""
        return len(self._waiters)

    def line_up(
        self, room_type: RoomType, asked: QueueSeat, now: float, address: str = ""
    ) -> QueuePlace:
        """
        Take somebody into the queue, or hear of him again.

        Args:
            room_type: Whose rooms.
            asked: For whom, and which.
            now: Monotonic seconds.
            address: Of who has no login; empty: he has one.

        """
        self.sweep(now)
        bell = bell_of(room_type, asked.user_id)
        waiter = self._waiters.get(bell)
        if waiter is not None and waiter.group.targets != asked.targets:
            self.leave(room_type, asked.user_id, now)
            waiter = None
        if waiter is None:
            group = HuntGroup(asked.targets)
            own = self._own_seat(room_type, asked.user_id, group)
            if own is not None:
                return QueuePlace(id_of(own.room_id), own.label)
            if len(self._waiters) >= self._rules.max_waiting:
                return QueuePlace(ahead=len(self._waiters), reason="full")
            number = self._arrivals + 1
            waiter = self._arrive(room_type, asked.user_id, group, number)
            self._seek(waiter, now)
        waiter.address, waiter.name = address, asked.user_name
        turn_ends = min(now + self._rules.turn_s, waiter.kept_at_most_until)
        waiter.silent_at = now + asked.hold_s + self._rules.patience_s
        waiter.kept_until = turn_ends if waiter.kept else 0.0
        self._note(waiter, now)
        return self.place_of(bell)

    def recall(self, now: float) -> None:
        """Take in who is in line; each has as long as when he was last heard."""
        for bell, fact in self._ledger.facts(Shelf.PLACE):
            self.take_in(bell, fact, now)

    def take_in(self, bell: str, fact: Wire | None, now: float) -> None:
        """Be in line as it was noted elsewhere; None: he is out."""
        if fact is None:
            self._waiters.pop(bell, None)
            return
        fields = Fields(fact)
        waiter = self._waiters.get(bell)
        if waiter is None or waiter.number != fields.count("number"):
            waiter = self._came_elsewhere(bell, fields)
        waiter.take_in(fields, now)

    def waiting(self) -> tuple[Waiter, ...]:
        """Return those without a kept seat, in order of arrival; to be read only."""
        return tuple(one for one in self._waiters.values() if not one.kept)

    def moved(self) -> Iterator[str]:
        """Walk over the bells of those who were told another place than theirs."""
        for bell, waiter in tuple(self._waiters.items()):
            if waiter.told == _ELSEWHERE:
                continue
            if waiter.told != (0 if waiter.kept else self._ahead_of(waiter) + 1):
                yield bell

    def place_of(self, bell: str) -> QueuePlace:
        """Return where a waiter stands; one without a place stands nowhere."""
        waiter = self._waiters.get(bell)
        if waiter is None:
            return QueuePlace(ahead=len(self._waiters), reason="full")
        if waiter.kept:
            waiter.told = 0
            record = self._rooms.find(waiter.kept)
            return QueuePlace(id_of(waiter.kept), record.label if record else "")
        ahead = self._ahead_of(waiter)
        waiter.told = ahead + 1
        return QueuePlace("", "", ahead + 1, ahead, self._reason_for(waiter))

    def leave(self, room_type: RoomType, user_id: str, now: float) -> None:
        """Take somebody out; unknown ones are fine."""
        waiter = self._waiters.pop(bell_of(room_type, user_id), None)
        if waiter is not None:
            self._ledger.strike(Shelf.PLACE, bell_of(room_type, user_id))
            self._give_on(waiter.kept, now)
            self._tell_moved()

    def room_changed(self, key: str, now: float) -> None:
        """Look again at a room where somebody came or went, or that is gone."""
        record = self._rooms.find(key)
        moved = False
        for bell, waiter in tuple(self._waiters.items()):
            if waiter.kept != key:
                continue
            if record is None:
                self._keep_nothing(waiter, now)
                self._seek(waiter, now)
                moved = True
            elif record.seat_of(waiter.user_id) is not None:
                del self._waiters[bell]
                self._ledger.strike(Shelf.PLACE, bell)
        if self._give_on(key, now) or moved:
            self._tell_moved()

    def may_sit(self, record: RoomRecord, user_id: str) -> bool:
        """Say whether a seat of a room is free and not kept for somebody else."""
        capacity = self._rooms.rules.seats_in(record.room_id)
        return len(record.seats) + self._kept_in(record.room_id, user_id) < capacity

    def sweep(self, now: float) -> None:
        """Forget who is silent, and who did not come for his seat."""
        for waiter in [one for one in self._waiters.values() if one.is_late(now)]:
            self.leave(waiter.room_type, waiter.user_id, now)

    def is_elsewhere(self, user_id: str, address: str, now: float) -> bool:
        """Say whether a user waits without a login, and at another address."""
        bells = (bell_of(room_type, user_id) for room_type in RoomType)
        mine = (self._waiters[bell] for bell in bells if bell in self._waiters)
        return any(
            one.address not in ("", address) and not one.is_late(now) for one in mine
        )

    def _came_elsewhere(self, bell: str, fields: Fields) -> Waiter:
        self._waiters.pop(bell, None)
        group = HuntGroup(fields.texts("targets", MAX_TARGETS, MAX_TARGET_BYTES))
        room_type, number = RoomType(fields.text("type")), fields.count("number")
        waiter = self._arrive(room_type, fields.text("user"), group, number)
        waiter.told = _ELSEWHERE
        if number < self._arrivals:  # he was taken out by mistake
            by_number = sorted(self._waiters.items(), key=lambda one: one[1].number)
            self._waiters = dict(by_number)
        return waiter

    def _arrive(
        self, room_type: RoomType, user_id: str, group: HuntGroup, number: int
    ) -> Waiter:
        ahead = frozenset(self._rivals_of(room_type, group, number))
        waiter = Waiter(room_type, user_id, group, number, ahead)
        self._waiters[bell_of(room_type, user_id)] = waiter
        self._arrivals = max(self._arrivals, number)
        return waiter

    def _note(self, waiter: Waiter, now: float) -> None:
        bell = bell_of(waiter.room_type, waiter.user_id)
        self._ledger.note(Shelf.PLACE, bell, waiter.fact(now))

    def _give_on(self, key: str, now: float) -> bool:
        """Keep a room's free seats for those who wait for it, in order; or none."""
        record = self._rooms.find(key) if key else None
        if record is None:
            return False
        room_type, room_id = type_of(key), id_of(key)
        free = before = self._free_seats(record)
        for waiter in self._waiters.values():
            if free <= 0:
                break
            waits = not waiter.kept and waiter.room_type is room_type
            if waits and waiter.group.wants(room_id, record.label, self._is_id(key)):
                self._keep(waiter, key, now)
                free -= 1
        return free < before

    def _seek(self, waiter: Waiter, now: float) -> None:
        """Give somebody a seat that nobody before him waits for."""
        listed = self._listed(waiter.room_type)
        for target in waiter.group.targets:
            for room in matching(target, listed):
                self._give_on(room.key, now)
                if waiter.kept:
                    return

    def _keep(self, waiter: Waiter, key: str, now: float) -> None:
        waiter.kept = key
        # Another seat in the place of a lost one: no longer, unless he asks again.
        waiter.kept_until = waiter.kept_until or now + self._rules.turn_s
        waiter.kept_at_most_until = now + self._rules.longest_turn_s
        self._note(waiter, now)

    def _keep_nothing(self, waiter: Waiter, now: float) -> None:
        waiter.kept = ""
        waiter.silent_at = waiter.kept_until
        self._note(waiter, now)

    def _free_seats(self, record: RoomRecord) -> int:
        if record.seat_of(record.creator) is None:
            return 0
        taken = len(record.seats) + self._kept_in(record.room_id)
        return self._rooms.rules.seats_in(record.room_id) - taken

    def _kept_in(self, key: str, but_for: str = "") -> int:
        return sum(
            waiter.kept == key and waiter.user_id != but_for
            for waiter in self._waiters.values()
        )

    def _own_seat(
        self, room_type: RoomType, user_id: str, group: HuntGroup
    ) -> RoomRecord | None:
        """Return where a user sits already: one that crashed takes it over."""
        for room in self._listed(room_type):
            record = self._rooms.find(room.key)
            wants = group.wants(room.room_id, room.label, self._is_id(room.key))
            if record is not None and wants and record.seat_of(user_id) is not None:
                return record
        return None

    def _rivals_of(
        self, room_type: RoomType, group: HuntGroup, number: int
    ) -> Iterator[int]:
        for other in self._waiters.values():
            before = other.number < number and other.room_type is room_type
            if before and group.overlaps(other.group):
                yield other.number

    def _ahead_of(self, waiter: Waiter) -> int:
        return sum(
            other.number in waiter.ahead and not other.kept
            for other in self._waiters.values()
        )

    def _reason_for(self, waiter: Waiter) -> str:
        for room in self._listed(waiter.room_type):
            if waiter.group.wants(room.room_id, room.label, self._is_id(room.key)):
                return "full"
        return "absent"

    def _listed(self, room_type: RoomType) -> list[_Listed]:
        return [
            _Listed(id_of(record.room_id), record.label, record.room_id)
            for record in self._rooms.listed(room_type)
        ]

    def _is_id(self, key: str) -> Callable[[str], bool]:
        room_type = type_of(key)
        return lambda room_id: self._rooms.find(key_of(room_type, room_id)) is not None

    def _tell_moved(self) -> None:
        self._ledger.note(Shelf.BELL, LINE, _NOTHING_MORE)


def bell_of(room_type: RoomType, user_id: str) -> str:
    """Return what a waiter's long poll is known by; no room has such a key."""
    return f"queue/{room_type.value}/{user_id}"
