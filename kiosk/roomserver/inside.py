"""
What a neighbour in this very process may ask of a running room server.

It answers requests as the HTTP port does, to the same rules, but that whoever asks
needs no network's trust to be given a userSig: nobody outside can say he is inside.
And it tells who waits to be answered, which no route tells strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.room.room_types import RoomType
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.http_message import Answering
from kiosk.roomserver.spaces import id_of


_CALLS = (RoomType.DOUBLE, RoomType.MULTI)
"""A live_room is watched, not answered."""


Count: TypeAlias = Callable[[str, Callable[[], Mapping[str, float]]], None]


@dataclass(frozen=True, slots=True)
class WaitingView:
    """
    A member alone in a room he opened, or one in line for a seat.

    Attributes:
        room_id: Empty: he is in line.
        label: Of the room, or of the first room he wants.

    """

    room_type: RoomType
    user_id: str
    name: str
    branch: str
    room_id: str
    label: str


class Inside:
    """
    A running room server, from within.

    Attributes:
        answer: Answers one request.
        count: Has ``/metrics`` show what a neighbour of a name counts.

    """

    def __init__(self, answer: Answering, core: ServerCore, count: Count) -> None:
        self.answer = answer
        self.count = count
        self._core = core

    def waiting(self) -> tuple[WaitingView, ...]:
        """Return who waits at this moment: rooms first, each oldest first."""
        return (*self._alone(), *self._in_line())

    def _alone(self) -> Iterator[WaitingView]:
        branches = self._branches()
        for room_type in _CALLS:
            for record in self._core.rooms.listed(room_type):
                creator = record.seat_of(record.creator)
                if creator is None or len(record.seats) > 1 or creator.is_lost:
                    continue
                yield WaitingView(
                    room_type,
                    creator.user_id,
                    creator.user_name,
                    branches.get(creator.user_id, ""),
                    id_of(record.room_id),
                    record.label,
                )

    def _in_line(self) -> Iterator[WaitingView]:
        branches = self._branches()
        for waiter in self._core.queue.waiting():
            yield WaitingView(
                waiter.room_type,
                waiter.user_id,
                waiter.name,
                branches.get(waiter.user_id, ""),
                "",
                waiter.group.targets[0],
            )

    def _branches(self) -> dict[str, str]:
        kiosks = self._core.fleet.kiosks()
        return {kiosk.user_id: kiosk.report.branch for kiosk in kiosks}


Beside: TypeAlias = Callable[[Inside], AbstractAsyncContextManager[str]]
"""Runs a neighbour for as long as the server answers; gives the neighbour's URL."""
