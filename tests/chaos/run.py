"""One run of chaos: servers on a store, clients, a nemesis; then the judgement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.chaos.client import Client, Onlooker
from tests.chaos.history import History, Terms
from tests.chaos.lateness import lateness_noted
from tests.chaos.nemesis import Nemesis
from tests.chaos.servers import Servers, servers_on
from tests.chaos.streamer import Streamer
from tests.fakes.proxy import Proxy, proxies


_TICK_S = 0.05
_COUNT_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """
    How much of it there is.

    Attributes:
        operations: The run ends when so many are written down.
        seconds: Or after so long.
        scale: By how much the nemesis' times are shortened.
        pause_s: Of each client between two operations, in the mean.

    """

    terms: Terms
    seed: int
    clients: int = 12
    operations: int = 1000
    seconds: float = 3600.0
    scale: float = 1.0
    pause_s: float = 0.04


def run(plan: Plan, history: History | None = None) -> History:
    """
    Run it all; the history is whole when nobody does anything any more.

    Args:
        plan: How much of it.
        history: To be written, if somebody looks at it meanwhile.

    """
    history = history or History(plan.terms)
    with servers_on(plan.terms) as servers, ExitStack() as stack:
        ports = [port for _, port in servers.addresses]
        ways = stack.enter_context(proxies(ports * plan.clients))
        return asyncio.run(_act(plan, servers, ways, history))


async def _act(
    plan: Plan, servers: Servers, ways: list[Proxy], history: History
) -> History:
    known = list[str]()
    nemesis = Nemesis(servers, ways, history, seed=plan.seed, scale=plan.scale)
    clients = [
        Client(
            number,
            [("127.0.0.1", way.port) for way in mine],
            history,
            known,
            seed=plan.seed,
            pause_s=plan.pause_s,
        )
        for number, mine in enumerate(_dealt(ways, servers.count))
    ]
    onlooker = Onlooker(
        99,
        servers.addresses,
        history,
        known,
        seed=plan.seed,
        pause_s=plan.pause_s,
        name="onlooker",
    )
    streamer = Streamer(servers.addresses, history, seed=plan.seed)
    async with (
        lateness_noted(history, lambda: servers.processes),
        _running(onlooker, plan),
    ):
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(client.run(over))
            tasks.create_task(streamer.run(over))
            tasks.create_task(nemesis.run(over))
            await _enough(plan, history)
            over.set()
        # All are silent now: the onlooker sees whether anybody stays.
        await _nobody_left(history)
    return history


async def _nobody_left(history: History) -> None:
    """Wait until nobody was seen for a while, or for longer than is promised."""
    began = time.monotonic()
    quiet_s, end = history.terms.late_s / 2, began + history.terms.ghost_s + 1.0
    while time.monotonic() < min(end, _last_seen(history, began) + quiet_s):  # noqa: ASYNC110 -- as above
        await asyncio.sleep(_TICK_S)


def _last_seen(history: History, began: float) -> float:
    """Return when somebody was last seen in a room, if it was after the end."""
    late = (op for op in reversed(history.ops) if op.told.get("members"))
    return max(began, next((op.returned for op in late), began))


@asynccontextmanager
async def _running(onlooker: Onlooker, plan: Plan) -> AsyncGenerator[None]:
    over = asyncio.Event()
    period_s = 0.01 * plan.terms.late_s
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(onlooker.look(over, period_s))
        yield
        over.set()


async def _enough(plan: Plan, history: History) -> None:
    deadline = time.monotonic() + plan.seconds
    while history.acts < plan.operations and time.monotonic() < deadline:  # noqa: ASYNC110 -- of many tasks that know nothing of it
        await asyncio.sleep(_COUNT_S)


def _dealt(ways: list[Proxy], each: int) -> list[list[Proxy]]:
    return [ways[start : start + each] for start in range(0, len(ways), each)]
