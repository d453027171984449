"""
The kiosks of :mod:`tests.bench.idle_kiosks`, in a process of their own.

``python -m tests.bench.idle_crowd JSON``: logs everybody in, prints one line, then for
each line of stdin, ``{"period_s": , "seconds": }``, has each ask once a period and
prints what was seen.  Against the bare peer nobody logs in.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kiosk.room import messages as msg
from tests.bench.crowd import Member, on_each_line
from tests.bench.http_lines import Line, Refused, dial, request, told
from tests.bench.pinned import take_descriptors


_SEATING_LINES = 16
_ANSWER_S = 5.0
_SPREAD = 0.8, 1.0
"""Of the period is a kiosk's pause (``kiosk.daemon.service_watch``)."""


class Idle:
    """Kiosks that wait for their customers, and some rooms with calls in them."""

    def __init__(self, port: int, kiosks: int, rooms: int, *, is_bare: bool) -> None:
        self._address = ("127.0.0.1", port)
        self._dialled = 0
        self._random = random.Random(7)
        self._is_bare = is_bare
        self._kiosks = [Member(f"idle{number}", "none") for number in range(kiosks)]
        self._agents = [Member(f"agent{n}", f"room{n}") for n in range(rooms)]
        self._waits_ms: list[float] = []
        self._refused: list[str] = []

    async def run(self) -> None:
        """Let everybody come, then do as stdin says."""
        if not self._is_bare:
            await self._log_in()
        gc.collect()
        gc.freeze()
        gc.disable()  # our pauses would be taken for the server's
        print(json.dumps({"kiosks": len(self._kiosks)}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            wanted = json.loads(line)
            print(json.dumps(await self._ask_for(**wanted)), flush=True)

    async def _log_in(self) -> None:
        lines = [await self._line() for _ in range(_SEATING_LINES)]

        async def create(line: Line, agent: Member) -> None:
            await agent.log_in(line)
            await agent.create(line)

        async def log_in(line: Line, kiosk: Member) -> None:
            await kiosk.log_in(line)

        await on_each_line(lines, self._agents, create)
        await on_each_line(lines, self._kiosks, log_in)
        for line in lines:
            line.close()

    async def _line(self) -> Line:
        self._dialled += 1
        return await dial(self._address, self._dialled)

    def _question(self, kiosk: Member) -> bytes:
        """Return what a kiosk asks (``kiosk.room.session``, ``check``)."""
        if self._is_bare:
            return request("/empty", {})
        return kiosk.post(msg.GetRoomList(1, 0, tickets=True))

    async def _ask_for(self, period_s: float, seconds: float) -> Mapping[str, Any]:
        self._waits_ms, self._refused = [], []
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            for kiosk in self._kiosks:
                question = self._question(kiosk)
                tasks.create_task(self._ask(question, period_s, until))
        waits = [round(wait, 3) for wait in self._waits_ms]
        why = dict(Counter(self._refused).most_common(3))
        return {"waits_ms": waits, "refused": len(self._refused), "why": why}

    async def _ask(self, question: bytes, period_s: float, until: float) -> None:
        """Ask over one connection, and over another when the server ended it."""
        due = time.monotonic() + self._random.uniform(0, period_s)
        line: Line | None = None
        while due < until:
            await asyncio.sleep(due - time.monotonic())
            asked = time.monotonic()
            try:
                async with asyncio.timeout(_ANSWER_S):
                    if line is None or not line.is_open:
                        line = await self._line()
                    told(*await line.ask(question), "check")
            except (Refused, OSError, TimeoutError) as error:
                self._refused.append(str(error) or type(error).__name__)
            self._waits_ms.append(1e3 * (time.monotonic() - asked))
            due = time.monotonic() + period_s * self._random.uniform(*_SPREAD)
        if line is not None:
            line.close()


def main() -> None:
    """Be the kiosks that the command line says."""
    take_descriptors()
    asyncio.run(Idle(**json.loads(sys.argv[1])).run())


if __name__ == "__main__":
    main()
