"""
One evening of a branch in virtual time: a few kiosks, their agent, and much that fails.

Everything follows from the seed, so that an evening that went wrong happens again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random as global_random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kiosk.call.states import State
from kiosk.roomserver.settings import ServerSettings
from tests.simulation.nemesis import FAULTS
from tests.simulation.oracle import Oracle
from tests.simulation.party import Life, Party, Walked, Wish
from tests.simulation.path import Path
from tests.simulation.plan import drawn
from tests.simulation.relay import PaperRelay
from tests.simulation.sabotage import SABOTAGES
from tests.simulation.server import Server
from tests.simulation.virtual_loop import START_S, VirtualLoop


CALLS = 12
"""Of each customer's kiosk."""
CALM_S = 100.0
"""After which whatever was wrong before must be over."""
_LONGEST_CALL_S = 90.0
_READY = {State.IDLE, State.ENDED}
_STRUCK_IN = [state for state in State if state is not State.UNCONFIGURED]


@dataclass
class Outcome:
    """
    How an evening went.

    Attributes:
        broken: The invariants that did not hold, in words.
        calls: That customers began.
        faulty: Of these, in which something went wrong.
        hours: Kiosk-hours simulated.
        digest: The same for the same evening.

    """

    seed: int
    kind: str = ""
    broken: list[str] = field(default_factory=list)
    calls: int = 0
    faulty: int = 0
    hours: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    walked: Walked = field(default_factory=Walked)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """
    Who looks on, or meddles.

    Attributes:
        sabotage: Breaks a part of the product; for the test of the oracle.
        say: Gets what happens, line by line.

    """

    sabotage: Callable[[Life, Server], None] = lambda *_: None
    say: Callable[[str], None] = lambda _: None


def run(seed: int, *, calls: int = CALLS, look: Look | None = None) -> Outcome:
    """Simulate one evening, with so many calls of each kiosk."""
    global_random.seed(seed)
    loop = VirtualLoop()

    async def evening() -> Outcome:
        return await Evening(seed, calls, look or Look()).run()

    try:  # it is nobody's current loop: who has one keeps it
        return loop.run_until_complete(evening())
    finally:
        loop.close()


def evenings(first: int, how_many: int, sabotaged: str = "") -> list[Outcome]:
    """Simulate the evenings of some seeds, in a process of its own."""
    logging.disable()
    look = Look(SABOTAGES[sabotaged][0]) if sabotaged else Look()
    return [run(seed, look=look) for seed in range(first, first + how_many)]


class Evening:
    """See the module; made and run on a :class:`VirtualLoop`."""

    def __init__(self, seed: int, calls: int, look: Look) -> None:
        self.random = Random(seed)
        self._calls = calls
        self._look = look
        self._digest = hashlib.sha256()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._faults: list[asyncio.Task[Any]] = []
        self._befell: dict[str, int] = {}
        self._bells: dict[tuple[str, State], list[asyncio.Event]] = {}
        plan = drawn(self.random)
        self.outcome = Outcome(seed, plan.kind)
        self.room_type = plan.room_type
        self.relay = PaperRelay()
        settings = ServerSettings(
            creator_leaves=plan.creator_leaves, push_key=b"p" * 16, play_key=b"q" * 16
        )
        self.server = Server(settings, self.relay, self.random)
        self.customers = [self._party(wish) for wish in plan.customers]
        self.agent = self._party(plan.agent) if plan.agent else None
        self.parties = [*self.customers, *([self.agent] if self.agent else [])]
        self._oracle = Oracle(self.parties, self.server, self.broken)

    async def run(self) -> Outcome:
        """Let the evening pass."""
        self.begin(self.server.sweep())
        self.begin(self._oracle.watch())
        for party in self.parties:
            party.start()
        callers = [self.begin(self._customer(party)) for party in self.customers]
        await asyncio.wait(callers)
        await self._calm_down()
        await self._close()
        self._sum_up()
        return self.outcome

    # -- for the nemesis -----------------------------------------------------------

    def one_of(self, party: Party) -> Party:
        """Return the kiosk itself, or its agent."""
        agents = [self.agent] if self.agent else []
        return self.random.choice([party, party, *agents])

    def user_id_of(self, party: Party) -> str:
        """Return whom the server takes a kiosk for."""
        life = party.life
        return life.daemon._watch.user_id if life else ""

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin what is awaited at the end; what it fails with is told."""
        task = self._loop.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def until_in(self, party: Party, state: State) -> None:
        """Wait until a kiosk is in a state, or for so long that it may be too late."""
        bell = asyncio.Event()
        self._bells.setdefault((party.wish.name, state), []).append(bell)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.random.uniform(5.0, 30.0)):
                await bell.wait()

    def broken(self, what: str) -> None:
        """Note that an invariant does not hold; once."""
        if what not in self.outcome.broken:
            self.outcome.broken.append(what)
            self.say(f"BROKEN {what}")

    def say(self, what: str) -> None:
        line = f"{self._loop.time() - START_S:9.3f} {what}"
        self._digest.update(line.encode())
        self._look.say(line)

    # -- inside ----------------------------------------------------------------------

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 -- told, and the evening goes on
            self.broken(f"{type(error).__name__}: {error}")

    def _party(self, wish: Wish) -> Party:
        number = len(self._befell) + 2
        self._befell[wish.name] = 0
        return Party(
            wish,
            self.server,
            self.relay,
            Path(f"127.0.0.{number}", self.random),
            self.random,
            self.outcome.walked,
            self.begin,
            on_show=self._shown,
            on_dead=self._died,
            on_state=self._entered,
            prepare=lambda life: self._look.sabotage(life, self.server),
        )

    def _shown(self, party: Party) -> None:
        self._oracle.look_soon(party)
        life = party.life
        if life is not None and life.screens.name is not None:
            reason = life.screens.facts.reason
            self.say(f"{party.wish.name} {life.screens.name.value} {reason}")

    def _died(self, party: Party, error: BaseException) -> None:
        inner = error
        while isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        self.broken(f"{party.wish.name} died: {type(inner).__name__}: {inner}")

    async def _customer(self, party: Party) -> None:
        for _ in range(self._calls):
            await self._until_ready(party)
            if self.random.random() < 0.3:  # two customers at the same moment
                now = self._loop.time()
                await asyncio.sleep(10.0 - now % 10.0)
            else:
                await asyncio.sleep(self.random.uniform(0.2, 6.0))
            self._befell[party.wish.name] = 0
            for _ in range(self.random.choice([1, 1, 2, 3])):
                self._faults.append(self.begin(self._fault_later(party)))
            if await self._talk(party):
                self.outcome.calls += 1
                self.outcome.faulty += bool(self._befell[party.wish.name])

    async def _talk(self, party: Party) -> bool:
        """Make one call; False if none began."""
        party.press("call")
        if party.wish.consent:
            if self.random.random() < 0.1:  # walks away, or does not want to
                await asyncio.sleep(self.random.choice([1.0, 5.0, 65.0]))
                party.press("hangup")
                return False
            await asyncio.sleep(self.random.uniform(1.05, 3.0))
            party.press("call")
        patience_s = self.random.choice([4.0, 15.0, 30.0, _LONGEST_CALL_S])
        until = self._loop.time() + patience_s
        await asyncio.sleep(0.05)
        if not party.is_in_call:
            return False
        while self._loop.time() < until and party.is_in_call:  # noqa: ASYNC110 -- as people look
            await asyncio.sleep(1.0)
        party.press("hangup")
        await asyncio.sleep(0.5)
        return True

    async def _fault_later(self, party: Party) -> None:
        name = self.random.choice(list(FAULTS))
        struck = self.one_of(party)
        if self.random.random() < 0.5:
            await self.until_in(struck, self.random.choice(_STRUCK_IN))
        else:
            await asyncio.sleep(self.random.choice([0.0, 0.3, 1.0, 3.0, 8.0, 14.0]))
        await asyncio.sleep(self.random.choice([0.0, self.random.uniform(0.0, 0.5)]))
        self.outcome.faults[name] += 1
        self._befell[party.wish.name] += 1
        self.say(f"{struck.wish.name}: {name}")
        await FAULTS[name](self, struck)

    def _entered(self, party: Party, state: State) -> None:
        for bell in self._bells.pop((party.wish.name, state), ()):
            bell.set()

    async def _until_ready(self, party: Party) -> None:
        """Wait until a customer may call; not for ever, for who can know."""
        until = self._loop.time() + CALM_S
        while party.state not in _READY and self._loop.time() < until:  # noqa: ASYNC110 -- as people look
            await asyncio.sleep(0.5)

    async def _calm_down(self) -> None:
        """Let whatever still happens be over, hang up, and judge what is left."""
        if self._faults:
            await asyncio.wait(self._faults)
        for party in self.parties:  # who asks seldom has some before it still
            party.path.mishaps.clear()
        await asyncio.sleep(CALM_S)
        if self.server.core is None:
            self.server.start()
        for party in self.parties:
            await self._hang_up(party)
            self._oracle.judge_end(party)

    async def _hang_up(self, party: Party) -> None:
        """Press until it is idle: an agent begins its next call a second later."""
        for _ in range(3):
            party.press("hangup")
            await asyncio.sleep(0.8)
            if party.state in {State.IDLE, State.CLOSED}:
                return

    async def _close(self) -> None:
        for party in self.parties:
            took_s = await party.stop()
            if took_s > 5.0:
                self.broken(f"{party.wish.name}: stopping took {took_s:.1f} s")
        for task in list(self._tasks):
            task.cancel()
        while self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(self._tasks)

    def _sum_up(self) -> None:
        outcome = self.outcome
        for party in self.parties:
            for record in party.records:
                self._oracle.judge_record(party, record)
                if party is not self.agent:
                    outcome.ends[record.ended_by] += 1
                self.say(f"{party.wish.name} {record.ended_by} {record.duration_ms}")
        outcome.hours = len(self.parties) * (self._loop.time() - START_S) / 3600
        outcome.digest = self._digest.hexdigest()[:16]
