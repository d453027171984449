"""
The ledger several room servers share: one Valkey or Redis, and a turn for each.

Every process has all tables in memory.  Requests that come while a turn is under
way are gathered into the next one.  Who has the turn hears first what the others
changed, runs all that was gathered, writes what it noted as one batch, and only
then hands the results out.  Rules:

1. A batch is taken only on top of the version its author knew.  If it is not, the
   tables are put back and the same acts run again on what there is now.
2. Nothing a client was told is lost by a process that dies, whenever it does; the
   others wait for it ``lease_s`` at most.
3. Without the memory nobody is told anything (:exc:`StoreAway`).  A process that
   finds it lost or set back writes it anew from its own tables, so that calls
   outlive its restart.
4. Who missed something that is only told counts everybody as just heard: a ghost
   lives on in that process alone, and the others end it in time.

A cluster clock was weighed and left out: no two clocks are ever compared (see
``store_ledger``), so a jump of one, here or at the memory, changes nothing.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from kiosk.room.fields import Fields
from kiosk.room.wire_json import Wire
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.store_ledger import Shelf, StoreAway, StoreLoad, T, Tables
from kiosk.roomserver.turn_jobs import Asked, Posted
from kiosk.roomserver.valkey_link import LinkLost, connected, place_of
from kiosk.roomserver.valkey_mirror import Mirror
from kiosk.roomserver.valkey_tables import ToldTables
from kiosk.roomserver.valkey_turns import FIRST_PAUSE_S, TurnTaker, ValkeyPatience


log = logging.getLogger(__name__)

_ACTS_KEPT = 10_000
"""So many may wait for a turn; each is one request, or one stream's beginning or end."""
_PATIENT = ValkeyPatience()


class ValkeyLedger:
    """Facts in a memory shared by several processes; see :func:`shared_ledger`."""

    def __init__(
        self,
        mirror: Mirror,
        tables: ToldTables,
        turns: TurnTaker,
        answer_s: float,
        acts_kept: int,
    ) -> None:
        self._mirror = mirror
        self._tables = tables
        self._turns = turns
        self._answer_s = answer_s
        self._acts_kept = acts_kept
        self._refused = 0
        self._is_crowded = False

    @property
    def boot(self) -> str:
        """Return era and count of openings, by whichever process."""
        return self._tables.boot

    @property
    def is_late(self) -> bool:
        """Whether more waits for a turn than is taken on."""
        return len(self._turns.jobs) >= self._acts_kept

    @property
    def load(self) -> StoreLoad:
        """Return how many acts wait for a turn, and how many were refused."""
        return StoreLoad(len(self._turns.jobs), self._refused)

    @property
    def is_away(self) -> bool:
        """Whether the memory is out of reach for longer than a request waits."""
        return self._turns.is_away

    def serve(self, tables: Tables) -> None:
        """Tell these tables; first what was told of rooms lately."""
        self._tables.serve(tables)

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return what is known, oldest first."""
        return self._mirror.facts(shelf)

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Keep or tell a fact; in a turn only."""
        assert self._turns.is_running, "noted outside a turn"
        self._mirror.note(shelf, name, fact)

    def strike(self, shelf: Shelf, name: str) -> None:
        """Forget a fact; in a turn only."""
        assert self._turns.is_running, "struck outside a turn"
        self._mirror.strike(shelf, name)

    async def turn(self, act: Callable[[], T]) -> T:
        """
        Run this in a turn of this process.

        Raises:
            StoreAway: There is none to be had in time, or too many wait for one.

        """
        if self.is_away:
            raise self._refusal("the store is away")
        if self._is_crowded_now():
            raise self._refusal("too many wait for the store")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._turns.jobs.append(Asked(act, future))
        self._turns.wake()
        try:
            async with asyncio.timeout(self._answer_s):
                return await future
        except TimeoutError:
            raise self._refusal("the store does not answer") from None

    def at_once(self, act: Callable[[], T]) -> T | Pending[T]:
        """Say that it has to be waited for."""
        return Pending(partial(self.turn, act))

    def post(self, act: Callable[[], object]) -> None:
        """Run this in a turn to come, however long that takes."""
        self._turns.jobs.append(Posted(act))
        self._turns.wake()

    def _refusal(self, reason: str) -> StoreAway:
        self._refused += 1
        return StoreAway(reason)

    def _is_crowded_now(self) -> bool:
        """
        Say whether too many wait, and tell the log when a crowd begins or ends.

        It ends when half of it is gone: at the limit each turn makes a little room,
        and the log would tell of each.
        """
        waiting, was = len(self._turns.jobs), self._is_crowded
        self._is_crowded = self.is_late or (was and 2 * waiting > self._acts_kept)
        facts = {"waiting": waiting, "refused": self._refused}
        if self._is_crowded and not was:
            log.error("store cannot keep up: requests are refused", extra=facts)
        elif was and not self._is_crowded:
            log.warning("store keeps up again", extra=facts)
        return self.is_late


@asynccontextmanager
async def shared_ledger(
    url: str,
    era: str,
    new_name: Callable[[], str],
    patience: ValkeyPatience = _PATIENT,
    *,
    ca_file: str | None = None,
    acts_kept: int = _ACTS_KEPT,
) -> AsyncGenerator[ValkeyLedger]:
    """
    Share a memory while the context lives.

    What asks is refused when the store cannot keep up; what happened is kept.

    Args:
        url: ``valkey://``, ``valkeys://`` (TLS), ``redis://`` or ``rediss://``.
        era: Names a memory that is new.
        new_name: Makes a name nobody else has.
        patience: How long things are waited for.
        ca_file: Whom to trust for TLS in place of the system's authorities.
        acts_kept: How many acts may wait before those that ask are refused.

    Raises:
        OSError: It cannot be opened; the text names its address.

    """
    place = place_of(url)
    mirror, tables = Mirror(), ToldTables()
    async with AsyncExitStack() as stack:
        way = connected(url, new_name(), patience.link, ca_file)
        try:
            link = await stack.enter_async_context(way)
        except OSError as error:
            reason = f"store {place}: ca_file {ca_file}: {error.strerror}"
            raise OSError(error.errno, reason) from None
        turns = TurnTaker(link, mirror, tables, new_name, patience)
        await _opened(turns, place, patience.open_s)
        ledger = ValkeyLedger(mirror, tables, turns, patience.answer_s, acts_kept)
        async with asyncio.TaskGroup() as tasks:
            driving = tasks.create_task(turns.drive(), name="store")
            listening = tasks.create_task(turns.listen(), name="store news")
            try:
                await _booted(ledger, place, era)
                yield ledger
            finally:
                turns.close()
                await asyncio.wait({driving}, timeout=patience.answer_s)
                if turns.jobs:
                    log.error("store left undone", extra={"acts": len(turns.jobs)})
                driving.cancel()
                listening.cancel()


async def _opened(turns: TurnTaker, place: str, open_s: float) -> None:
    reason = "does not answer"
    try:
        async with asyncio.timeout(open_s):
            while True:
                try:
                    await turns.open()
                except LinkLost as lost:
                    reason = str(lost)
                    await asyncio.sleep(FIRST_PAUSE_S)
                else:
                    return
    except TimeoutError:
        raise OSError(errno.EHOSTUNREACH, f"store {place}: {reason}") from None
    except OSError as error:
        raise OSError(errno.EINVAL, f"store {place}: {error}") from error


async def _booted(ledger: ValkeyLedger, place: str, era: str) -> None:
    """Count this opening."""

    def note_boot() -> None:
        marks = Fields(dict(ledger.facts(Shelf.MARK)).get("boot", {}))
        count = marks.optional_count("count") + 1
        known = marks.optional_text("era") or era
        ledger.note(Shelf.MARK, "boot", {"era": known, "count": count})

    try:
        await ledger.turn(note_boot)
    except StoreAway as away:
        raise OSError(errno.EHOSTUNREACH, f"store {place}: {away}") from away
