"""
The members of :mod:`tests.bench.load_members`, in a process of their own.

``python -m tests.bench.members_crowd JSON``: seats everybody, prints one line, asks
for so many seconds and prints what it saw.  Against the bare peer nobody logs in.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from kiosk.room import messages as msg
from kiosk.room.fleet_report import FleetReport
from tests.bench.crowd import Member, on_each_line
from tests.bench.http_lines import DEADLINE_S, Line, Refused, dial, told
from tests.bench.pinned import take_descriptors


PERIOD_S, HOLD_S = 7.0, 25.0
REPORT_S = (15.0, 60.0)
_SEATING_LINES, _TALK_LINES = 16, 8
_SETTLE_S, _LAST_NEWS_S = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many of whom, for how long; rates are of all together, a second."""

    port: int
    members: int
    seconds: float
    texts_per_s: float = 20.0
    kiosks: int = 0
    visitors: int = 0
    is_bare: bool = False


@dataclass(slots=True)
class Seen:
    """What came back; times in milliseconds."""

    beats: list[float] = field(default_factory=list)
    texts: list[float] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """How late this process itself was with a heartbeat."""
    polls: int = 0
    texts_sent: int = 0
    joins_made: int = 0
    refused: list[str] = field(default_factory=list)


class Asking:
    """Everybody at work against one server."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._address = ("127.0.0.1", crowd.port)
        self._dialled = 0
        self._seen = Seen()
        self._joined_at: dict[str, float] = {}
        self._random = random.Random(7)
        self._over = False
        self._waiting = 0
        self._all_waiting = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._tasks: asyncio.TaskGroup
        rooms = range((crowd.members + 1) // 2)
        self._members = [
            Member(f"{who}{room}", f"room{room}")
            for room in rooms
            for who in ("agent", "kiosk")
        ][: crowd.members]
        self._alone = [
            Member(f"alone{n}", f"visited{n}") for n in range(crowd.visitors)
        ]
        self._visitors = [
            Member(f"visitor{n}", f"visited{n}") for n in range(crowd.visitors)
        ]
        self._reporting = [Member(f"fleet{n}", "none") for n in range(crowd.kiosks)]

    async def run(self) -> None:
        """Seat everybody, say so, work, and print what was seen."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            await self._seat_all()
            await self._all_wait()
            gc.collect()
            gc.freeze()
            gc.disable()  # our pauses would be taken for the server's
            await asyncio.sleep(_SETTLE_S)
            self._seen = Seen()
            print(json.dumps({"seated": len(self._sitting)}), flush=True)
            await self._begin_the_rest()
            await asyncio.sleep(self._crowd.seconds)
            self._over = True
            await asyncio.sleep(_LAST_NEWS_S)
            print(json.dumps(_as_told(self._seen)), flush=True)
            for one in self._running:
                one.cancel()

    @property
    def _sitting(self) -> list[Member]:
        return [*self._members, *self._alone]

    async def _seat_all(self) -> None:
        lines = [await self._line() for _ in range(_SEATING_LINES)]

        async def log_in(line: Line, member: Member) -> None:
            await member.log_in(line)

        async def create(line: Line, member: Member) -> None:
            if not self._crowd.is_bare:
                await member.log_in(line)
                await member.create(line)
            await self._seated(member)

        async def join(line: Line, member: Member) -> None:
            if not self._crowd.is_bare:
                await member.log_in(line)
                await member.join(line)
            await self._seated(member)

        await on_each_line(lines, [*self._members[::2], *self._alone], create)
        await on_each_line(lines, self._members[1::2], join)
        await on_each_line(lines, [*self._visitors, *self._reporting], log_in)
        for line in lines:
            line.close()

    async def _seated(self, member: Member) -> None:
        """Let a member beat and wait, on connections used at once."""
        member.beat = member.post(msg.PusherHeartbeat(member.room_id, member.user_id))
        for work in (self._beat, self._poll):
            self._begin(work(member, await self._line()))

    async def _all_wait(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._all_waiting.wait()

    async def _begin_the_rest(self) -> None:
        pace = _TALK_LINES / self._crowd.texts_per_s
        for _ in range(_TALK_LINES):
            self._begin(self._talk(await self._line(), pace))
        for kiosk in self._reporting:
            self._begin(self._report(kiosk))
        for visitor in self._visitors:
            self._begin(self._visit(visitor, await self._line()))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._running.append(self._tasks.create_task(work))

    async def _line(self) -> Line:
        self._dialled += 1
        return await dial(self._address, self._dialled)

    async def _beat(self, member: Member, line: Line) -> None:
        began = due = time.monotonic()
        while not self._over and line.is_open:
            await asyncio.sleep(due - time.monotonic())
            asked = time.monotonic()
            self._seen.late.append(asked - due)
            with self._counted("heartbeat"):
                told(*await line.ask(member.beat), "heartbeat")
                self._seen.beats.append(time.monotonic() - asked)
            due += PERIOD_S if due > began else self._random.uniform(1, PERIOD_S)

    async def _poll(self, member: Member, line: Line) -> None:
        self._waiting += 1
        if self._waiting == len(self._sitting):
            self._all_waiting.set()
        while line.is_open:
            with self._counted("poll"):
                news = told(*await line.ask(member.wait(HOLD_S)), "poll")
                now = time.monotonic()
                self._seen.polls += 1
                member.seq = news["seq"]
                for event in news["events"]:
                    self._hear(event, now)

    def _hear(self, event: dict[str, Any], now: float) -> None:
        if event["kind"] == "text":
            self._seen.texts.append(now - float(event["text"]))
        elif event["userID"] in self._joined_at:
            self._seen.joins.append(now - self._joined_at.pop(event["userID"]))

    async def _talk(self, line: Line, pace: float) -> None:
        await asyncio.sleep(self._random.uniform(0, pace))
        while not self._over:
            one = self._random.choice(self._members)
            said = msg.SendRoomTextMsg(one.room_id, one.user_id, repr(time.monotonic()))
            with self._counted("text"):
                self._seen.texts_sent += 1
                await one.ask(line, said)
            await asyncio.sleep(pace)

    async def _visit(self, visitor: Member, line: Line) -> None:
        me, room = visitor.user_id, visitor.room_id
        while not self._over:
            with self._counted("visit"):
                url = await visitor.push_url(line)
                self._joined_at[me] = time.monotonic()
                self._seen.joins_made += 1
                await visitor.ask(line, msg.AddPusher(room, me, me, url))
                await asyncio.sleep(self._random.uniform(0.5, 1.5))
                await visitor.leave(line)

    async def _report(self, kiosk: Member) -> None:
        period_s = self._random.uniform(*REPORT_S)
        await asyncio.sleep(self._random.uniform(0, period_s))
        while not self._over:
            report = FleetReport(
                kiosk.user_id, "1.0", "IDLE", (), 1_800_000_000_000, 1 << 33, 60
            )
            with self._counted("report"):
                asked = time.monotonic()
                line = await self._line()  # kiosks keep none for so long
                await kiosk.ask(line, report)
                self._seen.reports.append(time.monotonic() - asked)
                line.close()
            await asyncio.sleep(period_s)

    def _counted(self, what: str) -> _Counted:
        return _Counted(self._seen.refused, what)


class _Counted:
    """Counts a failure and lets the others go on."""

    def __init__(self, refused: list[str], what: str) -> None:
        self._refused = refused
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        if isinstance(error, Refused | OSError | TimeoutError):
            self._refused.append(f"{self._what}: {error}")
            return True
        return False


def _as_told(seen: Seen) -> dict[str, object]:
    def ms(values: list[float]) -> list[float]:
        return [round(value * 1e3, 3) for value in values]

    return {
        "beats": ms(seen.beats),
        "texts": ms(seen.texts),
        "joins": ms(seen.joins),
        "reports": ms(seen.reports),
        "late": ms(seen.late),
        "polls": seen.polls,
        "texts_sent": seen.texts_sent,
        "joins_made": seen.joins_made,
        "refused": seen.refused[:20],
        "refusals": len(seen.refused),
    }


def main(run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run) -> None:
    take_descriptors()
    run(Asking(Crowd(**json.loads(sys.argv[1]))).run())


if __name__ == "__main__":
    main()
