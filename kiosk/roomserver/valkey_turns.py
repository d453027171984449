"""
How one of several room servers comes to its turn, and what it does in it.

One task does everything with the memory, one call after the other: it takes the
turn, hears what the others changed, runs the jobs, writes the batch and tells; and
between turns it hears news.  So the tables never change while a turn runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.room.wire_json import BadJson
from kiosk.roomserver.turn_jobs import Job
from kiosk.roomserver.valkey_link import (
    Busy,
    LinkLost,
    LinkTimes,
    LostMemory,
    News,
    Told,
    ValkeyLink,
)
from kiosk.roomserver.valkey_mirror import Batch, Mirror, events_of
from kiosk.roomserver.valkey_tables import ToldTables


log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.05
_LONGEST_WAIT_S = 0.1
_TIMES = LinkTimes()


@dataclass(frozen=True, slots=True)
class ValkeyPatience:
    """
    How long things are waited for, in seconds.

    Attributes:
        answer_s: By a request, for its turn to be over.
        run_s: How long acts are run in one turn, about.
        poll_s: Between two looks when there is no news.
        longest_pause_s: Between two tries to reach the memory.
        open_s: At the start, for the memory.
        empty_s: At the start, for another process that knows what an empty
            memory held.
        claims_s: When a memory was lost, for a process that knows more of it than
            this one; longer than ``poll_s`` and ``longest_pause_s``.

    """

    answer_s: float = 2.0
    run_s: float = 0.05
    poll_s: float = 1.0
    longest_pause_s: float = 1.0
    open_s: float = 5.0
    empty_s: float = 2.5
    claims_s: float = 1.1
    link: LinkTimes = _TIMES


@dataclass(frozen=True, slots=True)
class _Unsure:
    """A batch under way, under a name that makes it safe to send again."""

    batch: Batch
    name: str
    ran: list[Job]


class TurnTaker:
    """
    The turns of one process.

    Args:
        new_name: Makes a name nobody else has.

    Attributes:
        jobs: What is to be run, in order; :meth:`wake` after adding some.
        is_running: Whether jobs run now: only then may facts be noted.

    """

    def __init__(
        self,
        link: ValkeyLink,
        mirror: Mirror,
        tables: ToldTables,
        new_name: Callable[[], str],
        patience: ValkeyPatience,
    ) -> None:
        self._link = link
        self._mirror = mirror
        self._tables = tables
        self._new_name = new_name
        self._patience = patience
        self.jobs: deque[Job] = deque()
        self.is_running = False
        self._unsure: _Unsure | None = None
        self._has_turn = False
        self._is_closing = False
        self._lost_at: float | None = None
        self._missing_since: float | None = None
        self._woken = asyncio.Event()
        self._our_turn = asyncio.Event()

    @property
    def is_away(self) -> bool:
        """Whether the memory is out of reach for longer than a request waits."""
        if self._lost_at is None:
            return False
        return _now() - self._lost_at > self._patience.answer_s

    def wake(self) -> None:
        """Look for jobs."""
        self._woken.set()

    async def open(self) -> None:
        """
        Read everything, or begin a new memory.

        Raises:
            LinkLost: The memory cannot be reached.
            OSError: A later version wrote what is there.

        """
        looked_s = 0.0
        while (whole := await self._link.whole()) is None:
            if looked_s >= self._patience.empty_s:
                await self._begin_memory()
                continue
            looked_s += FIRST_PAUSE_S
            await asyncio.sleep(FIRST_PAUSE_S)
        self._mirror.become(whole.lineage, whole.version, whole.fields)
        self._tables.begin(events_of(whole.batches))

    async def drive(self) -> None:
        """Take turns and hear news until closed."""
        pause_s = FIRST_PAUSE_S
        while self.jobs or not self._is_closing:
            try:
                await self._wait_for_work()
                await self._work()
            except LinkLost as lost:
                self._lose(str(lost))
                if self._is_closing:
                    return
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, self._patience.longest_pause_s)
            else:
                self._find()
                pause_s = FIRST_PAUSE_S

    async def listen(self) -> None:
        """Hear the bells of other processes until closed."""
        while not self._is_closing:
            try:
                await self._link.listen(self._on_news, lambda: self._is_closing)
            except LinkLost:
                # The driver says so in the log, and looks by itself meanwhile.
                await asyncio.sleep(FIRST_PAUSE_S)

    def close(self) -> None:
        """Let :meth:`drive` end when all is done that was asked before."""
        self._is_closing = True
        self._woken.set()

    # -- inside: turns ---------------------------------------------------------

    def _on_news(self, version: int, *, is_our_turn: bool) -> None:
        if is_our_turn:
            self._our_turn.set()
        if is_our_turn or version == 0 or version > self._mirror.version:
            self._woken.set()

    async def _wait_for_work(self) -> None:
        is_idle = not self.jobs and self._unsure is None
        if is_idle and self._missing_since is None:
            try:
                async with asyncio.timeout(self._patience.poll_s):
                    await self._woken.wait()
            except TimeoutError:
                pass
        self._woken.clear()

    async def _work(self) -> None:
        if self._unsure is not None:
            await self._write(self._unsure)
        elif self.jobs or self._our_turn.is_set():
            await self._take_turn()
        else:
            await self._catch_up()

    async def _catch_up(self) -> None:
        mirror = self._mirror
        told = await self._link.news(mirror.lineage, mirror.version)
        if isinstance(told, LostMemory):
            await self._take_turn()
        else:
            await self._hear(told)

    async def _take_turn(self) -> None:
        if not self._has_turn:
            self._our_turn.clear()
            mirror = self._mirror
            told = await self._link.take(mirror.lineage, mirror.version)
            if isinstance(told, Busy):
                await self._wait_for_turn(told.for_s)
                return
            if isinstance(told, LostMemory) and not self._may_restore():
                await self._link.release(keep=False)
                await asyncio.sleep(FIRST_PAUSE_S)
                return
            await self._hear(told)
        self._has_turn = False
        ran = self._run()
        if self._mirror.has_batch:
            await self._write(_Unsure(self._mirror.batch(), self._new_name(), ran))
            return
        for job in ran:
            job.tell()
        self._has_turn = await self._link.release(keep=bool(self.jobs))

    async def _wait_for_turn(self, at_most_s: float) -> None:
        try:
            # Who has it may pass it on to somebody dead, and no bell rings for us.
            async with asyncio.timeout(min(at_most_s, _LONGEST_WAIT_S) + 0.001):
                await self._our_turn.wait()
        except TimeoutError:
            pass

    def _run(self) -> list[Job]:
        ran: list[Job] = []
        until = _now() + self._patience.run_s
        self.is_running = True
        while self.jobs and (not ran or _now() < until):
            job = self.jobs.popleft()
            if not job.is_given_up:
                job.run()
                ran.append(job)
        self.is_running = False
        return ran

    async def _write(self, unsure: _Unsure) -> None:
        """Write a batch, or find out what became of it."""
        self._unsure = unsure
        kept = await self._link.commit(
            self._mirror.lineage, unsure.batch, unsure.name, keep=bool(self.jobs)
        )
        self._unsure = None
        if kept is None:
            self._undo(unsure.ran)
            return
        self._has_turn = kept
        self._mirror.settle()
        self._tables.follow_up(unsure.batch.changes)
        for job in unsure.ran:
            job.tell()

    def _undo(self, ran: list[Job]) -> None:
        log.warning("turn overslept: asked again", extra={"acts": len(ran)})
        self._tables.take_in(self._mirror.roll_back())
        self.jobs.extendleft(reversed(ran))

    # -- inside: news ----------------------------------------------------------

    async def _hear(self, told: Told) -> None:
        self._missing_since = None
        match told:
            case News(batches):
                try:
                    changes = self._mirror.take_in(batches)
                except BadJson as error:
                    log.error("batch not understood", extra={"reason": str(error)})  # noqa: TRY400 -- the reason is the whole story
                    await self._read_whole()
                    return
                self._tables.take_in(changes)
                self._tables.follow_up(changes)
            case LostMemory():
                await self._restore()
            case _:
                await self._read_whole()

    async def _read_whole(self) -> None:
        whole = await self._link.whole()
        if whole is None:
            raise LinkLost("the store was emptied just now")
        changes = self._mirror.become(whole.lineage, whole.version, whole.fields)
        log.warning("store read anew", extra={"facts": len(whole.fields)})
        self._tables.take_in((*changes, *events_of(whole.batches)))
        self._tables.follow_up(changes)
        self._tables.missed()

    def _may_restore(self) -> bool:
        """Say whether whoever knows more had the time to say so."""
        if self._missing_since is None:
            self._missing_since = _now()
        return _now() - self._missing_since >= self._patience.claims_s

    async def _restore(self) -> None:
        """Write a lost memory anew; its other processes read it then."""
        known = self._mirror.lineage, self._mirror.version
        lineage, fields = self._new_name(), self._mirror.whole()
        if not await self._link.restore(known, lineage, fields):
            raise LinkLost("another process was faster")
        self._mirror.lineage = lineage
        log.warning("store was lost: written anew", extra={"facts": len(fields)})

    async def _begin_memory(self) -> None:
        if isinstance(told := await self._link.take("", 0), Busy):
            await asyncio.sleep(told.for_s)
        elif isinstance(told, LostMemory):
            await self._link.restore(("", 0), self._new_name(), {})
            await self._link.release(keep=False)

    def _lose(self, reason: str) -> None:
        self._has_turn = False
        if self._lost_at is None:
            self._lost_at = _now()
            log.error("store is away", extra={"reason": reason})

    def _find(self) -> None:
        if self._lost_at is not None:
            away_s = round(_now() - self._lost_at, 1)
            self._lost_at = None
            log.warning("store is back", extra={"away_s": away_s})


def _now() -> float:
    return asyncio.get_running_loop().time()
