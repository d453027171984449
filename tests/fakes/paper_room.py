"""A room service on paper: it answers as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk import ports
from kiosk.errors import RoomError
from kiosk.ports import NoSeat, Peer, Seat


AGENT = Peer("agent-1", "Agent Wang", "rtmp://127.0.0.1/live/agent?txSecret=x")


class FakeRoom:
    """A room service with one room; errors are queued per verb."""

    def __init__(self) -> None:
        self.errors: dict[str, list[RoomError]] = {}
        self.seats: list[Seat | NoSeat] = []
        self.said: list[str] = []
        self.joined = False
        self.user_id = ""
        self.answers = asyncio.Event()
        self.answers.set()
        self.on_notice: Callable[[ports.RoomNotice], None] | None = None
        self.early: list[ports.RoomNotice] = []
        self.urls = 0
        self.stills: dict[str, bytes] = {}

    def fail(self, verb: str, *errors: RoomError) -> None:
        self.errors.setdefault(verb, []).extend(errors)

    async def _step(self, verb: str) -> None:
        self.said.append(verb)
        await asyncio.sleep(0)
        await self.answers.wait()
        if self.errors.get(verb):
            raise self.errors[verb].pop(0)

    async def log_in(self) -> str:
        if not self.user_id:
            await self._step("log_in")
            self.user_id = "kiosk-7"
        return self.user_id

    async def find_seat(self) -> Seat | NoSeat:
        await self._step("find_seat")
        if self.seats:
            return self.seats.pop(0)
        return Seat("room-1", "service", create=False, push_url="rtmp://h/live/k")

    async def seat_in(self, room_id: str) -> Seat:
        await self._step(f"seat_in {room_id}")
        return Seat(room_id, "service", create=False, push_url="rtmp://h/live/k")

    async def leave_seat(self, room_id: str) -> None:
        await self._step(f"leave_seat {room_id}")

    async def wait_turn(self) -> NoSeat | None:
        await self._step("wait_turn")
        place = self.seats.pop(0) if self.seats else None
        return place if isinstance(place, NoSeat) else None

    async def take_seat(
        self, seat: Seat, on_notice: Callable[[ports.RoomNotice], None]
    ) -> str:
        for notice in self.early:
            on_notice(notice)
        await self._step("take_seat")
        self.joined = True
        self.on_notice = on_notice
        return seat.room_id

    async def new_push_url(self) -> str:
        await self._step("new_push_url")
        self.urls += 1
        return f"rtmp://h/live/k{self.urls}"

    async def play_url(self, user_id: str) -> str:
        await self._step("play_url")
        return f"rtmp://relay/live/{user_id}?v=2&n={self.said.count('play_url')}"

    async def move_stream(self, push_url: str) -> None:
        await self._step(f"move_stream {push_url}")

    async def send_text(self, text: str, cmd: str = "") -> None:
        await self._step(f"send_text {text} {cmd}".rstrip())

    async def send_still(self, jpeg: bytes) -> None:
        await self._step(f"send_still {len(jpeg)}")
        self.stills["kiosk-7"] = jpeg

    async def still_of(self, user_id: str) -> bytes:
        await self._step(f"still_of {user_id}")
        return self.stills[user_id]

    async def leave(self) -> None:
        self.joined = False
        await self._step("leave")

    async def check(self) -> None:
        await self.log_in()
        await self._step("check")

    async def close(self) -> None:
        await self._step("close")

    def tell(self, notice: ports.RoomNotice) -> None:
        assert self.on_notice is not None, "nobody is in the room"
        self.on_notice(notice)
