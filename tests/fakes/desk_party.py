"""A desk's party without a server, and who is told of its call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk.agentdesk.call_values import Agent
from kiosk.agentdesk.calls import DeskCall
from kiosk.agentdesk.ports import Waiting
from kiosk.errors import RoomError
from kiosk.ports import Peer, RoomNotice, Seat


KIOSK = Peer("kiosk", "Seven", "rtmp://h/live/k")
WAIT = Waiting("double_room", "kiosk", "Seven", "Zurich", "room-7", "seven")


class PaperParty:
    """
    A party whose room says what the test says.

    Attributes:
        faults: What the next requests are answered with, first to last.
        moved: Every stream announced, and under which name.

    """

    def __init__(self) -> None:
        self.tell: Callable[[RoomNotice], None] = print
        self.faults: list[RoomError] = []
        self.moved: list[tuple[str, str]] = []
        self.name = ""
        self.seats_asked = 0
        self.is_held = False

    @property
    def peers(self) -> tuple[Peer, ...]:
        return (KIOSK,)

    async def seat_in(self, room_id: str) -> Seat:
        self.seats_asked += 1
        return Seat(room_id, "seven", create=False, push_url="rtmp://h/live/d")

    async def new_seat(self, room_name: str, room_id: str = "") -> Seat:
        return Seat(room_id, room_name, create=True, push_url="rtmp://h/live/d")

    async def take_seat(
        self, seat: Seat, on_notice: Callable[[RoomNotice], None]
    ) -> str:
        self.tell = on_notice
        return seat.room_id

    async def new_push_url(self) -> str:
        self._fault()
        return "rtmp://h/live/new"

    async def move_stream(self, push_url: str) -> None:
        self.moved.append((self.name, push_url))
        while self.is_held:  # noqa: ASYNC110 -- a network rings no bell
            await asyncio.sleep(0.005)
        self._fault()

    async def play_url(self, user_id: str) -> str:
        return f"rtmp://h/live/{user_id}"

    async def send_text(self, text: str, cmd: str = "") -> None:
        pass

    def rename(self, user_name: str) -> None:
        self.name = user_name

    def _fault(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


class Watch:
    """Keeps what a call tells."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.not_taking: list[str] = []

    def changed(self, call: DeskCall) -> None:
        pass

    def said(self, call: DeskCall, name: str, text: str) -> None:
        self.texts.append(text)

    def passed(self, call: DeskCall, before: Agent) -> None:
        pass

    def not_taken(self, call: DeskCall, taker: Agent) -> None:
        self.not_taking.append(taker.name)
