"""What is done to servers, network, disk and clock while clients go about their day."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from kiosk.room import messages as msg
from tests.bench.http_lines import request
from tests.chaos.asking import Address, Asker, Lost
from tests.chaos.history import Fault, History
from tests.chaos.servers import Servers, is_small
from tests.fakes.proxy import Proxy, Way


Deed: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
_HOUR_S = 3600


class Nemesis:
    """
    Does one thing after another, each for a while, and notes it.

    Args:
        proxies: Those of all clients.
        scale: By how much every time is shortened.

    """

    def __init__(
        self,
        servers: Servers,
        proxies: Sequence[Proxy],
        history: History,
        *,
        seed: int,
        scale: float,
    ) -> None:
        self._servers, self._proxies, self._history = servers, proxies, history
        self._dice = random.Random(f"{seed} nemesis")
        self._scale = scale

    def deeds(self) -> list[Deed]:
        """Return what can be done here."""
        deeds: list[Deed] = [
            self.kill,
            self.stand_still,
            self.cut_requests,
            self.cut_answers,
            self.delay,
            self.go_dead,
            self.stall_a_reader,
        ]
        if self._servers.has_false_clock:
            deeds.append(self.move_the_clock)
        if self._servers.disk is not None and is_small(self._servers.disk):
            deeds.append(self.fill_the_disk)
        if self._servers.redis is not None:
            deeds.append(self.stop_the_store)
        return deeds

    async def run(self, over: asyncio.Event) -> None:
        """Go through all deeds in random order, over and over."""
        left: list[Deed] = []
        while not over.is_set():
            left = left or self._dice.sample(self.deeds(), len(self.deeds()))
            await self._pause(3.0, 10.0)
            if not over.is_set():
                await left.pop()()

    async def kill(self) -> None:
        """Kill a server and start it again."""
        number = self._some_server()
        await asyncio.to_thread(self._servers.wait_written)
        await asyncio.to_thread(self._servers.kill, number)
        # Noted from when it is gone: it may have answered until then, and who comes
        # later is answered by its successor.
        async with self._noted("kill", f"server{number}"):
            await self._pause(0.0, 2.0)
            await asyncio.to_thread(self._servers.start_again, number)

    async def stand_still(self) -> None:
        """Stop a server for 3 s or for longer than silence is borne."""
        number = self._some_server()
        seconds = self._dice.choice([3.0 * self._scale, 1.5 * self._late_s])
        async with self._noted("stop", f"server{number}"):
            self._servers.stop(number)
            try:
                await asyncio.sleep(seconds)
            finally:
                self._servers.go_on(number)

    async def move_the_clock(self) -> None:
        """Let the wall clock jump by an hour, and back."""
        async with self._noted("clock", "all"):
            self._servers.move_clock(self._dice.choice([-_HOUR_S, _HOUR_S]))
            await self._pause(2.0, 8.0)
            self._servers.move_clock(0)

    async def fill_the_disk(self) -> None:
        """Leave the store no byte; what it was late with is waited for."""
        async with self._noted("disk full", "store"):
            await asyncio.to_thread(self._servers.fill_disk)
            await self._pause(2.0, 6.0)
            await asyncio.to_thread(self._servers.empty_disk)

    async def stop_the_store(self) -> None:
        """Let the shared store answer nothing for a while."""
        assert self._servers.redis is not None
        async with self._noted("store stop", "redis"):
            self._servers.redis.freeze()
            try:
                await self._pause(1.0, 4.0)
            finally:
                self._servers.redis.thaw()

    async def cut_requests(self) -> None:
        """Break some connections at requests."""
        for one in self._some_proxies():
            one.lose_requests(self._dice.randint(1, 6))
        self._note_now("cut requests")

    async def cut_answers(self) -> None:
        """Break some connections at answers, which had their effect."""
        for one in self._some_proxies():
            one.lose_answers(self._dice.randint(1, 6))
        self._note_now("cut answers")

    async def delay(self) -> None:
        """Pass everything of some on late."""
        some = self._some_proxies()
        async with self._noted("delay", f"{len(some)} clients"):
            for one in some:
                one.delay(self._dice.uniform(0.0, 2.5) * self._scale)
            await self._pause(2.0, 6.0)
            for one in some:
                one.delay(0.0)

    async def go_dead(self) -> None:
        """Let some connections take everything and give nothing."""
        some = self._some_proxies()
        async with self._noted("half open", f"{len(some)} clients"):
            for one in some:
                one.swallow(self._dice.choice([Way.THERE, Way.BACK]))
            await self._pause(2.0, 6.0)
            for one in some:
                one.flow()

    async def stall_a_reader(self) -> None:
        """Ask for very much and take none of the answers."""
        address = self._dice.choice(self._servers.addresses)
        try:
            token = await _token_at(address)
            _, writer = await asyncio.open_connection(*address, limit=1024)
        except (OSError, Lost):
            return
        async with self._noted("stalled reader", "one"):
            path = f"{msg.path_of(msg.GetRoomList())}?userID=stalled"
            writer.write(200 * request(path, msg.GetRoomList().to_wire(), token))
            await self._pause(3.0, 6.0)
            writer.transport.abort()

    def _some_server(self) -> int:
        return self._dice.randrange(self._servers.count)

    def _some_proxies(self) -> list[Proxy]:
        count = max(1, len(self._proxies) // self._dice.choice([2, 4, 8]))
        return self._dice.sample(list(self._proxies), count)

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._dice.uniform(least, most) * self._scale)

    @property
    def _late_s(self) -> float:
        return self._history.terms.late_s

    @asynccontextmanager
    async def _noted(self, kind: str, target: str) -> AsyncGenerator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            fault = Fault(kind, target, began, time.monotonic())
            self._history.faults.append(fault)

    def _note_now(self, kind: str) -> None:
        now = time.monotonic()
        self._history.faults.append(Fault(kind, "some clients", now, now))


async def _token_at(address: Address) -> str:
    asker = Asker("stalled", [address], 0)
    try:
        await asker.log_in()
        return asker.token
    finally:
        asker.close()
