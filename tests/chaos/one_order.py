"""
Whether one order of a room's operations explains every answer (P1, P2, P4, P7, P8, P12).

A small model of a room and a search (Wing and Gong) for an order in which each
operation takes effect once between its begin and its end.  Two things happen by
themselves: a silent member expires, not before its time, and a reservation does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tests.chaos.history import History, Op, Outcome, Violation


MODELLED: Final = ("create", "reserve", "enter", "leave", "destroy", "beat", "read")
_CHANGES: Final = ("create", "reserve", "enter", "leave", "destroy")
_HEARD: Final = ("create", "enter", "beat")
_NO_ROOM, _NO_MEMBER, _TAKEN, _FULL = 3, 5, 11, 5001
_EXPLAINED: Final = (0, _NO_ROOM, _NO_MEMBER, _TAKEN, _FULL)
_MOST_CONFIGURATIONS: Final = 20_000
_UNFORGIVEN_S: Final = 1.0
"""A sweep that is late by less forgives nobody."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room as it is between two operations; without members it is only reserved."""

    exists: bool = False
    creator: str = ""
    members: frozenset[str] = frozenset()
    spent: bool = False
    """The server made its id, which it gives to nobody again."""


@dataclass(frozen=True, slots=True)
class _Configuration:
    room: Room
    done: frozenset[int]
    """Which of the operations under way have taken effect."""


class TooMany(Exception):
    """The search has no end within reason: nothing is known of this room."""


def answered(room: Room, op: Op, capacity: int) -> tuple[int, Room]:
    """Return the code an operation gets from a room, and the room after it."""
    user, members = op.user, room.members
    match op.name:
        case "create" | "reserve":
            return _created(room, op)
        case "enter":
            return _entered(room, user, capacity)
        case "leave" if user in members:
            return 0, without(room, user)
        case "destroy":
            is_his = room.exists and room.creator == user
            return (0, Room(spent=room.spent)) if is_his else (_NO_ROOM, room)
        case "leave" | "beat":
            return (0 if user in members else _NO_MEMBER), room
        case _:
            return (0 if members else _NO_ROOM), room


def _created(room: Room, op: Op) -> tuple[int, Room]:
    if room.exists or room.spent:
        return _TAKEN, room
    spent = bool(op.told.get("made"))
    if op.name == "reserve":
        return 0, Room(exists=True, spent=spent)
    return 0, Room(True, op.user, frozenset((op.user,)), spent)


def _entered(room: Room, user: str, capacity: int) -> tuple[int, Room]:
    if not room.exists:
        return _NO_ROOM, room
    if user not in room.members and len(room.members) >= capacity:
        return _FULL, room
    creator = room.creator or user
    return 0, replace(room, creator=creator, members=room.members | {user})


def without(room: Room, user: str) -> Room:
    """Return a room that a member left, which ends it if it was its creator."""
    rest = room.members - {user}
    if not rest or user == room.creator:
        return Room(spent=room.spent)
    return replace(room, members=rest)


def _explains(room: Room, op: Op, capacity: int) -> Room | None:
    """Return the room after an operation, None if it was answered otherwise."""
    code, after = answered(room, op, capacity)
    if op.outcome is Outcome.UNKNOWN:
        return after
    if code != op.code:
        return None
    if op.name == "read" and code == 0:
        seen = frozenset(op.told["members"]), op.told["creator"]
        return after if seen == (room.members, room.creator) else None
    return after


class OneOrder:
    """The search in one room."""

    def __init__(self, history: History, room: str, ops: Iterable[Op]) -> None:
        self._history, self._name = history, room
        self._terms = history.terms
        self._ops = [op for op in ops if _is_judged(op)]
        self._reserves = [op.invoke for op in self._ops if op.name == "reserve"]
        self._stops = history.all_away("stop")
        self._kills = history.all_away("kill")
        self._heard: dict[str, float] = {}
        self._under_way: set[int] = set()
        self._crossing: set[int] = set()
        self._now = 0.0
        self._possible = {_Configuration(Room(), frozenset())}

    def judge(self) -> Violation | None:
        """
        Return what nothing explains, or None.

        Raises:
            TooMany: The search was given up.

        """
        for when, _, what, number in sorted(self._steps()):
            self._now = when
            match what:
                case "invoke":
                    self._under_way.add(number)
                case "crash":
                    self._forget()
                case "close":
                    self._lose(number)
                case "kill":
                    self._possible = self._expired()
                case _:
                    if not self._end(number):
                        return self._violation(self._ops[number])
        return None

    def _steps(self) -> Iterator[tuple[float, int, str, int]]:
        for number, op in enumerate(self._ops):
            yield op.invoke, 0, "invoke", number
            if op.outcome is Outcome.UNKNOWN:
                yield self._history.closes(op), 1, "close", number
            else:
                yield op.returned, 1, "return", number
        for kill in self._kills:  # who was late by then went, whether anybody looked
            yield kill.begin, 0, "kill", -1
        if self._terms.forgets:
            for kill in self._history.of_kind("kill"):
                yield kill.begin, 2, "crash", -1

    def _forget(self) -> None:
        """Begin with nothing; what is under way may have been answered before."""
        self._possible = {_Configuration(Room(), frozenset())}
        self._crossing |= self._under_way
        self._heard.clear()

    def _lose(self, number: int) -> None:
        """Let an operation that nobody saw end have taken effect, or never."""
        self._possible = self._possible | self._reached(number)
        self._close(number)

    def _close(self, number: int) -> None:
        self._under_way.discard(number)
        self._crossing.discard(number)
        self._possible = {
            replace(one, done=one.done - {number}) for one in self._possible
        }

    def _end(self, number: int) -> bool:
        """Let an operation have taken effect by now; say whether that can be."""
        op, crossed = self._ops[number], number in self._crossing
        before = self._possible if crossed else set[_Configuration]()
        self._possible = before | self._reached(number)
        self._close(number)
        if op.code == 0 and op.name in _HEARD and not crossed:
            heard = self._heard.get(op.user, 0.0)
            self._heard[op.user] = max(heard, op.invoke)
        return bool(self._possible)

    def _expired(self) -> set[_Configuration]:
        """Return what there may be now, if nobody asks for anything."""
        waiting, seen = list(self._possible), set(self._possible)
        while waiting:
            for after in self._gone_by_themselves(waiting.pop()):
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return seen

    def _reached(self, number: int) -> set[_Configuration]:
        """Return every way to get where an operation has taken effect."""
        waiting, seen = list(self._possible), set(self._possible)
        ends: set[_Configuration] = set()
        while waiting:
            one = waiting.pop()
            if number in one.done:
                ends.add(one)
                continue
            for after in self._next(one):
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
            if len(seen) > _MOST_CONFIGURATIONS:
                raise TooMany(self._name)
        return ends

    def _next(self, one: _Configuration) -> Iterator[_Configuration]:
        seats = self._terms.seats_in(self._name)
        for number in self._under_way - one.done:
            op = self._ops[number]
            after = _explains(one.room, op, seats)
            if after is not None:
                yield _Configuration(after, one.done | {number})
        yield from self._gone_by_themselves(one)

    def _gone_by_themselves(self, one: _Configuration) -> Iterator[_Configuration]:
        for user in one.room.members:
            if self._may_expire(user):
                yield replace(one, room=without(one.room, user))
        if one.room.exists and not one.room.members and self._may_lapse():
            yield replace(one, room=Room(spent=one.room.spent))

    def _may_expire(self, user: str) -> bool:
        heard = self._heard.get(user, 0.0)
        for kill in self._kills:  # who restarts gives everybody the whole grace again
            if kill.begin < self._now:
                heard = max(heard, kill.begin)
        forgiven = sum(
            max(0.0, stop.end - stop.begin - self._terms.sweep_s - _UNFORGIVEN_S)
            for stop in self._stops
            if stop.begin >= heard and stop.end <= self._now
        )
        return self._now - heard - forgiven >= self._terms.late_s

    def _may_lapse(self) -> bool:
        least = self._now - self._terms.unpushed_s
        return any(invoke <= least for invoke in self._reserves)

    def _violation(self, op: Op) -> Violation:
        last = [one for one in self._ops if one.invoke <= op.returned][-12:]
        lines = "\n".join(f"  {_line(one, op.returned)}" for one in last)
        promise = "P7" if op.code == 0 and op.name == "create" else "P1 P2 P4 P8 P12"
        why = f"no order explains {_line(op, op.returned)}; the last were\n{lines}"
        return Violation(promise, self._name, why)


def _is_judged(op: Op) -> bool:
    if op.name not in MODELLED or op.code not in _EXPLAINED:
        return False
    return op.outcome is not Outcome.UNKNOWN or op.name in _CHANGES


def _line(op: Op, end: float) -> str:
    told = (
        f" {sorted(op.told['members'])} of {op.told['creator']}"
        if (op.name == "read" and op.code == 0)
        else ""
    )
    return (
        f"{op.invoke - end:+.3f} to {op.returned - end:+.3f} {op.user} {op.name} "
        f"{op.outcome.value} {op.code}{told}"
    )
