"""
Call set-ups for :mod:`tests.bench.load_setups`, in a process of its own.

``python -m tests.bench.setups_crowd JSON``: prints a line when its bystanders sit,
then takes one JSON object ``{"rate": , "seconds": }`` a line from stdin and answers
each with what it saw.  Set-ups begin by the clock, whatever became of those before.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.room import messages as msg
from tests.bench.crowd import Member
from tests.bench.http_lines import Line, Refused, dial, told
from tests.bench.pinned import take_descriptors


PERIOD_S = 2.0
GIVE_UP_S = 10.0
_MOST_AT_ONCE = 4000
_BUSY = 503


@dataclass(slots=True)
class Seen:
    """What became of it; times in milliseconds."""

    begun: int = 0
    setups: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """How long a 503 with Retry-After took."""
    failed: list[str] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    beats_refused: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


class Calling:
    """Everybody who calls, and the bystanders whose heartbeats must go on."""

    def __init__(self, ports: Sequence[int], bystanders: int) -> None:
        self._ports = ports
        self._bystanders = bystanders
        self._dialled = 0
        self._called = 0
        self._seen = Seen()
        self._tasks: asyncio.TaskGroup

    async def run(self) -> None:
        """Do what the lines of stdin say until they end."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            beating = [tasks.create_task(one) for one in await self._sit_down()]
            gc.collect()
            gc.freeze()
            gc.disable()
            print(json.dumps({"sitting": len(beating)}), flush=True)
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                order = json.loads(line)
                print(json.dumps(await self._step(**order)), flush=True)
                gc.collect()
            for one in beating:
                one.cancel()

    async def _sit_down(self) -> list[Coroutine[Any, Any, None]]:
        beating: list[Coroutine[Any, Any, None]] = []
        for number in range(self._bystanders):
            member = Member(f"bystander{number}", f"aside{number}")
            line = await self._line()
            await member.log_in(line)
            await member.create(line)
            beating.append(self._beat(member, line, number / self._bystanders))
        return beating

    async def _step(self, rate: float, seconds: float) -> dict[str, object]:
        self._seen = seen = Seen()
        began = time.monotonic()
        calls: set[asyncio.Task[None]] = set()
        while (due := began + seen.begun / rate) < began + seconds:
            await asyncio.sleep(due - time.monotonic())
            seen.late.append((time.monotonic() - due) * 1e3)
            seen.begun += 1
            if len(calls) < _MOST_AT_ONCE:
                call = self._tasks.create_task(self._call())
                calls.add(call)
                call.add_done_callback(calls.discard)
            else:
                seen.failed.append("more calls at once than this process makes")
        if calls:
            await asyncio.wait(calls)
        return _as_told(seen, time.monotonic() - began)

    async def _call(self) -> None:
        seen = self._seen
        asked = time.monotonic()
        self._called += 1
        room = f"call{self._called}"
        lines: list[Line] = []
        try:
            async with asyncio.timeout(GIVE_UP_S):
                lines += [await self._line(), await self._line()]
                await self._set_up(room, *lines)
        except Refused as refused:
            if refused.status == _BUSY and refused.retry_after:
                seen.busy.append((time.monotonic() - asked) * 1e3)
            else:
                seen.failed.append(str(refused))
        except (OSError, TimeoutError) as error:
            seen.failed.append(f"{type(error).__name__} {error}")
        finally:
            for line in lines:
                line.close()

    async def _set_up(self, room: str, one: Line, two: Line) -> None:
        """Make every request of a call's beginning and end."""
        began = time.monotonic()
        agent, kiosk = Member(f"a-{room}", room), Member(f"k-{room}", room)
        await agent.log_in(one)
        await agent.create(one)
        await kiosk.log_in(two)
        await kiosk.ask(two, msg.GetRoomList(20, 0))
        await kiosk.ask(two, msg.GetPushers(room))
        await kiosk.join(two)
        news = told(*await one.ask(agent.wait(20.0)), "wait_events")
        assert news["events"], "the agent was told that the kiosk came"
        await agent.ask(one, msg.GetPushers(room))
        told(*await one.ask(agent.beat), "heartbeat")
        told(*await two.ask(kiosk.beat), "heartbeat")
        self._seen.setups.append((time.monotonic() - began) * 1e3)
        await kiosk.leave(two)
        await agent.leave(one)

    async def _beat(self, member: Member, line: Line, offset: float) -> None:
        due = time.monotonic() + PERIOD_S * offset
        while True:
            await asyncio.sleep(due - time.monotonic())
            asked = time.monotonic()
            try:
                told(*await line.ask(member.beat), "heartbeat")
            except (Refused, OSError) as error:
                self._seen.beats_refused.append(str(error))
                return
            self._seen.beats.append((time.monotonic() - asked) * 1e3)
            due += PERIOD_S

    async def _line(self) -> Line:
        self._dialled += 1
        port = self._ports[self._dialled % len(self._ports)]
        return await dial(("127.0.0.1", port), self._dialled % 200_000)


def _as_told(seen: Seen, seconds: float) -> dict[str, object]:
    return {
        "begun": seen.begun,
        "seconds": seconds,
        "setups": [round(one, 2) for one in seen.setups],
        "busy": [round(one, 2) for one in seen.busy],
        "failures": len(seen.failed),
        "failed": seen.failed[:5],
        "beats": [round(one, 2) for one in seen.beats],
        "beats_refused": seen.beats_refused[:5],
        "late": [round(one, 2) for one in seen.late],
    }


def main() -> None:
    take_descriptors()
    order = json.loads(sys.argv[1])
    asyncio.run(Calling(order["ports"], order["bystanders"]).run())


if __name__ == "__main__":
    main()
