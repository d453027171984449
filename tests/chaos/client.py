"""A client that does at random whatever clients do, and writes down what it was told."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from tests.chaos.asking import Address, Asker, Lost, Said
from tests.chaos.history import History, Op, Outcome


NAMED = ("double_room/d0", "double_room/d1", "multi_room/m0", "multi_room/m1")
"""Rooms whose ids clients choose, over and over."""
_CHOICES = {
    "enter": 24,
    "read": 20,
    "list": 6,
    "say": 12,
    "leave": 10,
    "create": 10,
    "reserve": 2,
    "open": 4,
    "destroy": 4,
    "fall_silent": 3,
    "revisit": 3,
    "enter_twice": 2,
}
_TRIES = 6
_HOLD_S = 2.0


class Client:
    """
    One user and its log.

    Args:
        number: Of the client.
        ways: To the servers, each through a proxy of its own.
        known: Ids of rooms the server made, shared by all clients.
        pause_s: Between two operations, in the mean.

    """

    def __init__(
        self,
        number: int,
        ways: Sequence[Address],
        history: History,
        known: list[str],
        *,
        seed: int,
        pause_s: float,
        name: str = "",
    ) -> None:
        self.user = name or f"u{number}"
        self._dice = random.Random(f"{seed} {number}")
        self._asker = Asker(self.user, ways, number)
        self._ways = len(ways)
        self._history, self._known, self._pause_s = history, known, pause_s
        self._seats: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._silent: dict[str, float] = {}
        self._waits: dict[str, asyncio.Task[None]] = {}
        self._said = 0

    async def run(self, over: asyncio.Event) -> None:
        """Do something, again and again, until it is over."""
        async with asyncio.TaskGroup() as tasks:
            while not over.is_set():
                with suppress(Lost):
                    if not self._asker.token:
                        await self._asker.log_in()
                    await self._beat()
                    await self._act(tasks)
                await asyncio.sleep(self._dice.expovariate(1 / self._pause_s))
            for wait in self._waits.values():
                wait.cancel()
        self._asker.close()

    async def _act(self, tasks: asyncio.TaskGroup) -> None:
        name = self._dice.choices(tuple(_CHOICES), tuple(_CHOICES.values()))[0]
        room = self._some_room(name)
        if room in self._silent and name not in ("read", "list"):
            return
        match name:
            case "enter" | "create" | "enter_twice":
                await self._sit_down(name, room, tasks)
            case "open":
                await self._open(tasks)
            case "fall_silent" if room in self._seats:
                rest = self._history.terms.ghost_s + 2.0
                self._silent[room] = time.monotonic() + rest
            case "list":
                await self.list_rooms()
            case "reserve" | "leave" | "destroy" | "say":
                await self._do(name, room, self._wanted(name, _id(room)))
                if name == "leave":
                    self._stand_up(room)
            case _:
                await self.read(room)

    def _wanted(self, name: str, room_id: str) -> msg.Request[Any]:
        match name:
            case "reserve":
                return msg.CreateRoom(self.user, "Reserved", room_id)
            case "leave":
                return msg.DeletePusher(room_id, self.user)
            case "destroy":
                return msg.DestroyRoom(room_id, self.user)
            case _:
                self._said += 1
                text = f"{self.user}-{self._said}"
                return msg.SendRoomTextMsg(room_id, self.user, text)

    def _some_room(self, name: str) -> str:
        mine = list(self._seats)
        if name in ("leave", "say", "fall_silent", "destroy") and mine:
            return self._dice.choice(mine)
        if name == "revisit" and self._known:
            return self._dice.choice(self._known)
        lately = self._known[-3:]
        return self._dice.choice([*NAMED, *lately] if name != "reserve" else NAMED)

    async def _beat(self) -> None:
        now, late = time.monotonic(), self._history.terms.late_s
        for room, due in tuple(self._due.items()):
            if self._silent.get(room, 0.0) > now or due > now:
                continue
            self._silent.pop(room, None)
            wanted = msg.PusherHeartbeat(_id(room), self.user)
            said = await self._do("beat", room, wanted)
            self._due[room] = time.monotonic() + 0.3 * late
            if said is not None and said.code:
                self._stand_up(room)

    async def _sit_down(self, name: str, room: str, tasks: asyncio.TaskGroup) -> None:
        url = await self._push_url()
        if not url:
            return
        room_id = _id(room)
        if name == "create":
            wanted: msg.Request[Any] = msg.CreateRoom(
                self.user, "Desk", room_id, self.user, "1", url
            )
        else:
            wanted = msg.AddPusher(room_id, self.user, self.user, url)
        if name == "enter_twice":
            said = await self._twice(room, wanted)
        else:
            said = await self._do(name, room, wanted)
        if said is not None and said.is_definite and said.code == 0:
            self._seated(room, said, tasks)

    async def _open(self, tasks: asyncio.TaskGroup) -> None:
        url = await self._push_url()
        if not url:
            return
        kind = self._dice.choice(["double_room", "multi_room"])
        wanted = msg.CreateRoom(self.user, "Desk", "", self.user, "1", url)
        said = await self._do("create", f"{kind}/", wanted)
        if said is not None and said.is_definite and said.code == 0:
            room = f"{kind}/{said.wire['roomID']}"
            self._known.append(room)
            self._seated(room, said, tasks)

    def _seated(self, room: str, said: Said, tasks: asyncio.TaskGroup) -> None:
        self._seats[room] = int(said.wire.get("epoch", 0))
        self._due[room] = time.monotonic() + 0.3 * self._history.terms.late_s
        if room not in self._waits:
            after = int(said.wire["seq"])
            self._waits[room] = tasks.create_task(self._listen(room, after))

    def _stand_up(self, room: str) -> None:
        self._seats.pop(room, None)
        self._due.pop(room, None)
        self._silent.pop(room, None)

    async def _push_url(self) -> str:
        said = await self._asker.ask(msg.GetPushUrl(self.user), way=self._way())
        return str(said.wire["pushURL"]) if said.code == 0 and said.wire else ""

    def _way(self) -> int:
        return self._dice.randrange(self._ways)

    async def read(self, room: str) -> None:
        """Look at a room."""
        await self._do("read", room, msg.GetPushers(_id(room)))

    async def list_rooms(self) -> None:
        """Look at all rooms of a type."""
        kind = self._dice.choice([RoomType.DOUBLE, RoomType.MULTI])
        began = time.monotonic()
        said = await self._asker.ask(msg.GetRoomList(), kind, way=self._way())
        for wire in said.wire.get("rooms", ()):
            op = self._op("list", f"{kind.value}/{wire['roomID']}", began, said)
            self._history.ops.append(op)

    async def _twice(self, room: str, wanted: msg.Request[Any]) -> Said | None:
        """Ask the same thing twice at once, as a network that doubles would."""
        began, name = time.monotonic(), self._request_id()
        kind = _type(room)
        both = await asyncio.gather(
            self._asker.ask(wanted, kind, request_id=name, way=self._way()),
            self._asker.ask(wanted, kind, request_id=name, way=self._way(), line="b"),
            return_exceptions=True,
        )
        some = [one for one in both if isinstance(one, Said) and one.is_definite]
        if len(some) < len(both):
            self._unknown("enter", room, began, 1)
            return None
        some.sort(key=lambda one: one.code != 0)
        told = [{"code": one.code, "epoch": one.wire.get("epoch")} for one in some]
        once = self._op("enter", room, began, some[0])
        self._history.ops.append(once)
        if some[1].code == 0:  # refusals are not kept: each is judged anew
            pair = {"first": told[0], "second": told[1]}
            ended = time.monotonic()
            self._history.ops.append(
                Op(
                    self.user,
                    "twice",
                    room,
                    self.user,
                    began,
                    ended,
                    Outcome.OK,
                    0,
                    pair,
                )
            )
        return some[0]

    async def _do(self, name: str, room: str, wanted: msg.Request[Any]) -> Said | None:
        """Ask until there is an answer or the patience ends; write down which."""
        began, request_id = time.monotonic(), self._request_id()
        number = 0
        for number in range(1, _TRIES + 1):
            asked = time.monotonic()
            try:
                said = await self._asker.ask(
                    wanted, _type(room), request_id=request_id, way=self._way()
                )
            except Lost:
                if self._dice.random() < 0.25:
                    break
                await asyncio.sleep(self._dice.uniform(0.05, 0.4))
                continue
            if said.is_definite:
                # A refusal is that of the last try: an earlier one may still be under
                # way, and be acted on after it.
                if number > 1 and said.code:
                    began = asked
                    self._unknown(name, room, began, number - 1)
                op = self._op(name, room, began, said, number)
                self._history.ops.append(op)
                return said
            if number == 1 and said.status != 503:
                return said
            if not self._asker.token:
                break
        self._unknown(name, room, began, number)
        return None

    def _unknown(self, name: str, room: str, began: float, tries: int) -> None:
        if room.endswith("/"):
            return
        ended = time.monotonic()
        op = Op(
            self.user, name, room, self.user, began, ended, Outcome.UNKNOWN, tries=tries
        )
        self._history.ops.append(op)

    def _op(self, name: str, room: str, began: float, said: Said, tries: int = 1) -> Op:
        """Return what an answer tells of an operation."""
        told: dict[str, Any] = {"boot": said.boot}
        wire = said.wire
        if room.endswith("/") and said.code == 0:
            room, told["made"] = f"{room}{wire['roomID']}", True
        if name == "list":
            wire = next(one for one in wire["rooms"] if one["roomID"] == _id(room))
        if name in ("read", "list") and said.code == 0:
            told["members"] = [one["userID"] for one in wire["pushers"]]
            told["creator"], told["seq"] = wire["roomCreator"], wire["seq"]
        outcome = Outcome.FAIL if said.code else Outcome.OK
        ended = time.monotonic()
        return Op(
            self.user,
            name,
            room,
            self.user,
            began,
            ended,
            outcome,
            said.code,
            told,
            tries,
        )

    def _request_id(self) -> str:
        return f"{self.user}-{self._dice.getrandbits(64):016x}"

    async def _listen(self, room: str, after: int) -> None:
        """Hear what happens in a room, number after number, until it is over."""
        try:
            while (heard := await self._hear(room, after)) is not None:
                after = heard
        finally:
            self._waits.pop(room, None)

    async def _hear(self, room: str, after: int) -> int | None:
        wanted = msg.WaitEvents(_id(room), self.user, after, _HOLD_S)
        began = time.monotonic()
        try:
            said = await self._asker.ask(
                wanted, _type(room), line=room, way=self._way(), seconds=_HOLD_S + 3.0
            )
        except Lost:
            await asyncio.sleep(0.2)
            return after
        if not said.is_definite:
            await asyncio.sleep(0.5)
            return after
        if said.code:
            return None
        told = {
            "boot": said.boot,
            "after": after,
            **{name: said.wire[name] for name in ("events", "seq", "resync")},
        }
        ended = time.monotonic()
        self._history.ops.append(
            Op(self.user, "events", room, self.user, began, ended, Outcome.OK, 0, told)
        )
        closed = any(one["kind"] == "room_closed" for one in said.wire["events"])
        return None if closed else int(said.wire["seq"])


class Onlooker(Client):
    """Looks at every room, straight, all the time; sits nowhere."""

    async def look(self, over: asyncio.Event, period_s: float) -> None:
        """Look until it is over."""
        while not over.is_set():
            with suppress(Lost):
                if not self._asker.token:
                    await self._asker.log_in()
                for room in (*NAMED, *self._known[-4:]):
                    await self.read(room)
                await self.list_rooms()
            await asyncio.sleep(period_s)
        self._asker.close()


def _id(room: str) -> str:
    return room.partition("/")[2]


def _type(room: str) -> RoomType:
    return RoomType(room.partition("/")[0])
