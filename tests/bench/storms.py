"""
What comes all at once: a server that was killed, and news for two thousand.

The server is ended by SIGKILL with everybody's polls open and started again on the
same port and store.  Clients come back as kiosks do, after half a second to one and a
half; those in a call take their seat anew.  Then everybody waits, and texts are said
in all rooms: at a pace, and all in one instant.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kiosk.room import messages as msg
from tests.bench.crowd import Member, on_each_line
from tests.bench.http_lines import Line, Refused, dial, request, told
from tests.bench.pinned import (
    ASKING_CORE,
    SERVER_CORE,
    on_core,
    take_descriptors,
    where,
)
from tests.bench.report import SPREAD, Bar, Result, Table, percentile, spread
from tests.bench.stage import open_stage
from tests.fakes.programs import Server


WAITING, RE_ENTERING, STREAMS = 1100, 200, 2000
FIRST_ANSWER_MS, BACK_MS, NEWS_MS = 1500.0, 15_000.0, 250.0
TEXTS, TEXTS_FULL, TEXTS_A_SECOND = 2000, 20_000, 500.0
_LINES = 16
_HOLD_S = 25.0
_COME_BACK_S = (0.5, 1.5)
_PATIENCE_S = 60.0
_BUSY = 503
_SETTINGS = {"heartbeat_timeout_s": 600}
_LIMITS = {"requests_per_identity": 1000}


@dataclass(slots=True)
class Storms:
    """What was measured, in milliseconds."""

    first_answer: float = 0.0
    polls_back: list[float] = field(default_factory=list)
    seats_back: list[float] = field(default_factory=list)
    paced: list[float] = field(default_factory=list)
    burst: list[float] = field(default_factory=list)
    said: int = 0
    refused: int = 0
    """Of the texts of one instant: told to come back."""


def run(*, full: bool) -> Result:
    take_descriptors()
    texts = TEXTS_FULL if full else TEXTS
    with open_stage() as stage:
        store = {"path": str(stage.branch.folder / "rooms.db")}
        more: dict[str, dict[str, object]] = {"store": {**store}, "limits": {**_LIMITS}}
        address = f"127.0.0.1:{_free_port()}"

        def start() -> Server:
            with on_core(SERVER_CORE):
                return stage.branch.start_server(more, **_SETTINGS, http=address)

        with on_core(ASKING_CORE):
            storms = asyncio.run(_Fleet(start, address).run(texts))
    return _result(storms)


class _Fleet:
    """Everybody at one server, which is started by us."""

    def __init__(self, start: Callable[[], Server], address: str) -> None:
        host, _, port = address.rpartition(":")
        self._start = start
        self._address = (host, int(port))
        self._dialled = 0
        self._found = Storms()
        self._dice = random.Random(7)
        self._members = [
            Member(f"{who}{room}", f"room{room}")
            for room in range(STREAMS // 2)
            for who in ("agent", "kiosk")
        ]
        self._waiting = 0
        self._wanted = 0
        self._heard: list[float] = []
        self._all_heard = asyncio.Event()

    async def run(self, texts: int) -> Storms:
        server = await asyncio.to_thread(self._start)
        await self._seat_all()
        await self._restart(server)
        await self._tell_all(texts)
        return self._found

    async def _seat_all(self) -> None:
        lines = [await self._line() for _ in range(_LINES)]

        async def create(line: Line, member: Member) -> None:
            await member.log_in(line)
            await member.create(line)

        async def join(line: Line, member: Member) -> None:
            await member.log_in(line)
            await member.join(line)

        await on_each_line(lines, self._members[::2], create)
        await on_each_line(lines, self._members[1::2], join)
        for line in lines:
            line.close()

    async def _restart(self, server: Server) -> None:
        waiting = self._members[:WAITING]
        lines = [await self._poll_once(member) for member in waiting]
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.sleep(0.2)
        for line in lines:
            line.close()
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(self._start))
            await self._first_answer()
            self._found.first_answer = (time.monotonic() - began) * 1e3
        async with asyncio.timeout(_PATIENCE_S), asyncio.TaskGroup() as tasks:
            for number, member in enumerate(waiting):
                tasks.create_task(self._come_back(member, number < RE_ENTERING, began))

    async def _first_answer(self) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    line = await self._line()
                    await line.ask(request("/healthz"))
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    line.close()
                    return

    async def _come_back(self, member: Member, re_enters: bool, began: float) -> None:
        await asyncio.sleep(self._dice.uniform(*_COME_BACK_S))
        line = await self._line()
        if re_enters:
            await member.join(line)
            self._found.seats_back.append((time.monotonic() - began) * 1e3)
        told(*await line.ask(member.wait(0.0)), "poll")
        self._found.polls_back.append((time.monotonic() - began) * 1e3)
        line.close()

    async def _poll_once(self, member: Member) -> Line:
        line = await self._line()
        line.send(member.wait(_HOLD_S))
        return line

    async def _tell_all(self, texts: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            polling = [tasks.create_task(self._poll(one)) for one in self._members]
            async with asyncio.timeout(_PATIENCE_S):
                while self._waiting < STREAMS:  # noqa: ASYNC110 -- seconds, once
                    await asyncio.sleep(0.05)
            gc.collect()
            gc.freeze()
            gc.disable()
            try:
                talkers = [await self._line() for _ in range(_LINES)]
                self._found.paced = await self._paced(talkers, texts, tasks)
                self._found.burst = await self._burst()
            finally:
                gc.enable()
                for one in polling:
                    one.cancel()

    async def _paced(
        self, lines: Sequence[Line], texts: int, tasks: asyncio.TaskGroup
    ) -> list[float]:
        free: asyncio.Queue[Line] = asyncio.Queue()
        for line in lines:
            free.put_nowait(line)

        async def say(line: Line, member: Member) -> None:
            await self._say(line, member)
            free.put_nowait(line)

        self._expect(texts)
        began = time.monotonic()
        for number in range(texts):
            await asyncio.sleep(began + number / TEXTS_A_SECOND - time.monotonic())
            member = self._members[number % STREAMS]
            tasks.create_task(say(await free.get(), member))
        return await self._heard_all()

    async def _burst(self) -> list[float]:
        lines = [await self._line() for _ in range(STREAMS // 2)]
        await asyncio.gather(*(line.ask(request("/healthz")) for line in lines))
        self._expect(len(lines))
        pairs = zip(lines, self._members[1::2], strict=True)
        saying = [self._say_if_taken(line, one) for line, one in pairs]
        taken = sum(await asyncio.gather(*saying))
        self._found.refused = len(lines) - taken
        self._found.said -= self._found.refused
        self._wanted = taken
        self._look()
        return await self._heard_all()

    async def _say_if_taken(self, line: Line, member: Member) -> bool:
        try:
            await self._say(line, member)
        except Refused as refused:
            if refused.status == _BUSY and refused.retry_after:
                return False
            raise
        return True

    async def _say(self, line: Line, member: Member) -> None:
        text = repr(time.monotonic())
        said = msg.SendRoomTextMsg(member.room_id, member.user_id, text)
        await member.ask(line, said)

    def _expect(self, texts: int) -> None:
        self._found.said += texts
        self._heard = []
        self._wanted = texts
        self._all_heard.clear()

    async def _heard_all(self) -> list[float]:
        try:
            async with asyncio.timeout(_PATIENCE_S / 4):
                await self._all_heard.wait()
        except TimeoutError:
            pass  # what did not come is counted
        return self._heard

    async def _poll(self, member: Member) -> None:
        line = await self._line()
        self._waiting += 1
        while True:
            news = told(*await line.ask(member.wait(_HOLD_S)), "poll")
            now = time.monotonic()
            member.seq = news["seq"]
            for event in news["events"]:
                if event["kind"] == "text":
                    self._heard.append((now - float(event["text"])) * 1e3)
            self._look()

    def _look(self) -> None:
        if len(self._heard) == self._wanted:
            self._all_heard.set()

    async def _line(self) -> Line:
        self._dialled += 1
        return await dial(self._address, self._dialled)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _result(storms: Storms) -> Result:
    lost = storms.said - len(storms.paced) - len(storms.burst)
    return Result(
        "storms",
        [
            Table(
                f"After SIGKILL, ms from the new start ({where()})",
                ("", *SPREAD),
                [
                    ("first answer", *spread([storms.first_answer])),
                    (f"{WAITING} polls answered again", *spread(storms.polls_back)),
                    (f"{RE_ENTERING} seats taken anew", *spread(storms.seats_back)),
                ],
            ),
            Table(
                f"A text to whoever waits, of {STREAMS}, ms",
                ("", *SPREAD),
                [
                    (f"{TEXTS_A_SECOND:g} a second", *spread(storms.paced)),
                    (f"{STREAMS // 2} in one instant", *spread(storms.burst)),
                ],
            ),
        ],
        [
            Bar("restart to first answer", storms.first_answer, FIRST_ANSWER_MS),
            Bar("last poll back", max(storms.polls_back), BACK_MS),
            Bar("last seat back", max(storms.seats_back), BACK_MS),
            Bar(
                "polls back", float(len(storms.polls_back)), WAITING, "", at_least=True
            ),
            Bar("news at a pace, p99", percentile(storms.paced, 99), NEWS_MS),
            Bar(
                "news in one instant, p99",
                percentile(storms.burst, 99),
                NEWS_MS,
                judged=False,
            ),
            Bar("news that did not arrive", float(lost), 0.0, ""),
        ],
        [f"{storms.refused} of the texts of one instant were told to come back (503)"],
    )
