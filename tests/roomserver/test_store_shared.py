"""Several processes on one memory: what each knows, and what a lost memory costs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from typing_extensions import override

from kiosk.room.fields import Fields
from kiosk.roomserver.store_ledger import Shelf, StoreAway
from kiosk.roomserver.store_valkey import ValkeyLedger, shared_ledger
from kiosk.roomserver.valkey_link import LinkTimes
from kiosk.roomserver.valkey_scripts import KEYS
from kiosk.roomserver.valkey_turns import ValkeyPatience
from tests.fakes.eventually import eventually
from tests.fakes.lives import HASTY, new_name
from tests.fakes.noting_tables import NotingTables
from tests.fakes.redis_process import RedisProcess


STATE, FACTS, CHANGES, TURN, _LINE, _CLAIMS = KEYS
IMPATIENT = replace(HASTY, answer_s=0.5, longest_pause_s=0.1, open_s=0.5)


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as running:
        yield running


@pytest.fixture
def durable_redis() -> Iterator[RedisProcess]:
    with RedisProcess(durable=True) as running:
        yield running


@pytest.fixture
def inside(redis: RedisProcess) -> Iterator[Any]:
    """A client that changes the memory behind everybody's back."""
    client = Redis.from_url(redis.url)
    yield client
    client.close()


@asynccontextmanager
async def process(
    redis: RedisProcess, patience: ValkeyPatience = HASTY
) -> AsyncGenerator[ValkeyLedger]:
    async with shared_ledger(redis.url, "era", new_name, patience) as ledger:
        yield ledger


def count_up(ledger: ValkeyLedger) -> int:
    facts = dict(ledger.facts(Shelf.MARK))
    count = Fields(facts.get("counter", {})).optional_count("n") + 1
    ledger.note(Shelf.MARK, "counter", {"n": count})
    return count


async def counted(ledger: ValkeyLedger) -> int:
    return await ledger.turn(lambda: count_up(ledger))


async def counted_by_both(one: ValkeyLedger, two: ValkeyLedger) -> None:
    """Count three times, and wait until both know."""
    for ledger in (one, two, one):
        await counted(ledger)
    await eventually(lambda: two.facts(Shelf.MARK) == one.facts(Shelf.MARK))


async def test_what_one_process_changes_every_other_takes_in_and_follows_up(
    redis: RedisProcess,
) -> None:
    async with process(redis) as here, process(redis) as there:
        tables = NotingTables()
        there.serve(tables)

        def change() -> None:
            here.note(Shelf.ROOM, "desk", {"x": 1})
            here.note(Shelf.EVENT, "desk", {"seq": 1})
            here.note(Shelf.ROOM, "gone", {})
            here.strike(Shelf.ROOM, "gone")

        await here.turn(change)
        await eventually(lambda: len(tables.followed) == 4)

        assert tables.taken_in == tables.followed
        assert tables.taken_in == [
            (Shelf.ROOM, "desk", {"x": 1}),
            (Shelf.EVENT, "desk", {"seq": 1}),
            (Shelf.ROOM, "gone", {}),
            (Shelf.ROOM, "gone", None),
        ]
        assert there.facts(Shelf.ROOM) == (("desk", {"x": 1}),)


async def test_turns_of_all_processes_come_one_after_the_other(
    redis: RedisProcess,
) -> None:
    async with process(redis) as one, process(redis) as two, process(redis) as three:
        ledgers = (one, two, three) * 60
        counts = await asyncio.gather(*map(counted, ledgers))

        assert sorted(counts) == list(range(1, 181))


async def test_a_process_that_asks_reads_what_was_told_anywhere_before(
    redis: RedisProcess,
) -> None:
    async with process(redis) as one, process(redis) as two:
        for number in range(20):
            assert await counted(one) == 2 * number + 1
            assert await counted(two) == 2 * number + 2


async def test_who_comes_later_knows_all_and_everybody_hears_of_the_boot(
    redis: RedisProcess,
) -> None:
    async with process(redis) as first:
        await counted(first)
        await first.turn(lambda: first.note(Shelf.EVENT, "desk", {"seq": 7}))
        async with process(redis) as second:
            tables = NotingTables()
            second.serve(tables)

            assert tables.taken_in == [(Shelf.EVENT, "desk", {"seq": 7})]
            assert await counted(second) == 2
            assert second.boot == "era.2"
            await eventually(lambda: first.boot == "era.2")


async def test_a_turn_overslept_is_undone_and_asked_again(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as ledger:
        tables = NotingTables()
        ledger.serve(tables)
        await counted(ledger)
        ran: list[int] = []

        def slow_act() -> int:
            count = count_up(ledger)
            ledger.note(Shelf.EVENT, "desk", {"seq": 1})
            if not ran:  # meanwhile another process is given the turn and counts on
                version = int(inside.hget(STATE, "version") or 0)
                batch = b'{"changes":[{"s":"mark","n":"counter","o":1,"f":{"n":10}}]}'
                inside.hset(FACTS, "mark counter", b'1 {"n":10}')
                entry = {"by": "other", "batch": batch}
                inside.xadd(CHANGES, entry, id=f"{version + 1}-0")
                inside.hset(STATE, "version", version + 1)
                inside.delete(TURN)
            ran.append(count)
            return count

        assert await ledger.turn(slow_act) == 11
        assert ran == [2, 11]
        undone = tables.taken_in[:2]
        assert undone == [
            (Shelf.EVENT, "desk", None),
            (Shelf.MARK, "counter", {"n": 1}),
        ]
        events = [fact for shelf, _, fact in tables.followed if shelf is Shelf.EVENT]
        assert events == [{"seq": 1}]


async def test_a_process_that_dies_in_its_turn_holds_up_the_others_for_a_moment(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as ledger:
        inside.set(TURN, "somebody who died", px=300)
        began = asyncio.get_running_loop().time()

        assert await counted(ledger) == 1

    assert 0.2 < asyncio.get_running_loop().time() - began < 5.0


async def test_a_place_in_line_of_somebody_dead_is_passed_over(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as one, process(redis) as two:
        inside.zadd(_LINE, {"somebody who died": 1.0})
        async with asyncio.timeout(5.0):
            await asyncio.gather(*map(counted, (one, two) * 10))


async def test_an_emptied_memory_is_written_anew_and_nothing_is_lost(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as one, process(redis) as two:
        await counted_by_both(one, two)
        inside.flushall()

        assert await counted(two) == 4
        assert await counted(one) == 5
    async with process(redis) as later:
        assert await counted(later) == 6
        assert later.boot == "era.3"


async def test_a_memory_set_back_is_brought_up_to_what_was_told(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as one, process(redis) as two:
        await counted(one)
        before = inside.dump(FACTS), inside.hgetall(STATE)
        await counted_by_both(one, two)
        inside.flushall()
        inside.restore(FACTS, 0, before[0])
        inside.hset(STATE, mapping=before[1])

        assert await counted(one) == 5
        assert await counted(two) == 6


async def test_of_a_lost_memory_whoever_knows_most_of_it_is_believed(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as knows, process(redis) as slept:
        await counted(knows)
        slept._turns._mirror.version -= 1  # as if it had heard nothing of it
        inside.flushall()

        assert await counted(slept) == 2
        assert await counted(knows) == 3


async def test_who_missed_something_reads_all_and_is_patient(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis) as ledger:
        tables = NotingTables()
        ledger.serve(tables)
        await counted(ledger)
        inside.hset(FACTS, "room desk", b'7 {"x":1}')
        inside.hincrby(STATE, "version", 5)  # five batches, and none of them is there

        assert await counted(ledger) == 2
        assert tables.missed_times == 1
        assert (Shelf.ROOM, "desk", {"x": 1}) in tables.taken_in


async def test_a_fact_or_batch_that_is_none_is_left_out(
    redis: RedisProcess, inside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(redis) as ledger:
        await counted(ledger)
        version = int(inside.hget(STATE, "version") or 0)
        entry = {"by": "x", "batch": b"{"}
        inside.xadd(CHANGES, entry, id=f"{version + 1}-0")
        inside.hset(STATE, "version", version + 1)
        inside.hset(FACTS, mapping={"later x": "1 {}", "room y": "{", "room z": "3 {}"})

        assert await counted(ledger) == 2
        assert ledger.facts(Shelf.ROOM) == (("z", {}),)
    assert "batch not understood" in caplog.text
    assert caplog.text.count("fact left out") == 2


async def test_without_the_memory_nobody_is_told_anything_and_then_all_goes_on(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    loop = asyncio.get_running_loop()
    async with process(redis, IMPATIENT) as one, process(redis, IMPATIENT) as two:
        assert await counted(one) == 1
        ran: list[int] = []
        redis.kill()
        began = loop.time()
        with pytest.raises(StoreAway):
            await counted(one)
        two.post(lambda: ran.append(count_up(two)))
        assert 0.4 < loop.time() - began < 5.0
        await eventually(lambda: one.is_away and two.is_away)
        took: list[float] = []
        for _ in range(3):
            began = loop.time()
            with pytest.raises(StoreAway):
                await counted(one)
            took.append(loop.time() - began)
        assert min(took) < 0.1  # not all of them on a machine that pauses

        redis.start()
        await eventually(lambda: not (one.is_away or two.is_away))
        await eventually(lambda: ran == [2])

        assert await counted(one) == 3
    assert caplog.text.count("store is away") >= 2
    assert caplog.text.count("store is back") >= 2


async def test_a_restarted_memory_that_kept_all_is_no_lost_memory(
    durable_redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(durable_redis, IMPATIENT) as ledger:
        await counted(ledger)
        durable_redis.kill()
        durable_redis.start()
        await eventually(lambda: not ledger.is_away)

        assert await counted(ledger) == 2
    assert "written anew" not in caplog.text


async def test_a_memory_that_hangs_is_waited_for_only_so_long(
    redis: RedisProcess,
) -> None:
    patience = replace(IMPATIENT, link=LinkTimes(call_s=0.2))
    async with process(redis, patience) as ledger:
        await counted(ledger)
        redis.freeze()
        with pytest.raises(StoreAway):
            await counted(ledger)
        redis.thaw()
        await eventually(lambda: not ledger.is_away)

        async with asyncio.timeout(5.0):
            while await counted(ledger) < 2:
                pass


async def test_an_act_that_fails_is_its_own_misfortune(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(redis) as ledger:
        ledger.post(lambda: 1 // 0)

        assert await counted(ledger) == 1
    assert "posted act failed" in caplog.text


async def test_tables_that_choke_on_a_fact_are_told_the_next_one(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    class Choking(NotingTables):
        @override
        def take_in(self, shelf: Shelf, name: str, fact: object) -> None:
            raise ValueError

        @override
        def follow_up(self, shelf: Shelf, name: str, fact: object) -> None:
            raise ValueError

    async with process(redis) as one, process(redis) as two:
        two.serve(Choking())
        await counted(one)

        assert await counted(two) == 2
    assert "fact not taken in" in caplog.text
    assert "fact not followed up" in caplog.text


async def test_nothing_is_noted_outside_a_turn(redis: RedisProcess) -> None:
    async with process(redis) as ledger:
        with pytest.raises(AssertionError, match="outside a turn"):
            count_up(ledger)
        with pytest.raises(AssertionError, match="outside a turn"):
            ledger.strike(Shelf.MARK, "counter")


async def test_a_wrong_password_ends_the_start_and_is_not_told() -> None:
    with RedisProcess(password="right5ecret") as redis:
        url = redis.url.replace("right5ecret", "wr0ngsecret")
        with pytest.raises(
            OSError, match=rf"store 127\.0\.0\.1:{redis.port}: ."
        ) as error:
            async with shared_ledger(url, "era", new_name, IMPATIENT):
                pass
        assert "ecret" not in str(error.value)
        async with process(redis) as ledger:
            assert await counted(ledger) == 1


async def test_a_memory_that_is_not_there_ends_the_start(redis: RedisProcess) -> None:
    redis.kill()
    with pytest.raises(OSError, match=rf"store 127\.0\.0\.1:{redis.port}: .*"):
        async with process(redis, IMPATIENT):
            pass


async def test_a_memory_of_a_later_version_is_left_alone(
    redis: RedisProcess, inside: Any
) -> None:
    async with process(redis):
        pass
    inside.hset(STATE, "format", 9)

    with pytest.raises(OSError, match="written by a later version"):
        async with process(redis, IMPATIENT):
            pass
