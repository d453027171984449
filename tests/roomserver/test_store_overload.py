"""More than a store takes: who asks is refused, what happened is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kiosk.roomserver.store_ledger import StoreAway, StoreLoad
from kiosk.roomserver.store_valkey import shared_ledger
from tests.fakes.eventually import eventually
from tests.fakes.lives import HASTY, new_name
from tests.fakes.redis_process import RedisProcess


ACTS_KEPT = 20
IMPATIENT = replace(HASTY, answer_s=0.3, longest_pause_s=0.1)


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as running:
        yield running


async def test_who_asks_while_too_many_wait_is_refused_and_counted(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    shared = shared_ledger(redis.url, "era", new_name, HASTY, acts_kept=ACTS_KEPT)
    async with shared as ledger:
        asked = [ledger.turn(lambda: 7) for _ in range(100)]
        told = await asyncio.gather(*asked, return_exceptions=True)

        assert told[:ACTS_KEPT] == [7] * ACTS_KEPT
        refusals = [str(one) for one in told if isinstance(one, StoreAway)]
        assert refusals == ["too many wait for the store"] * (100 - ACTS_KEPT)
        assert ledger.load == StoreLoad(waiting=0, refused=100 - ACTS_KEPT)
        assert not ledger.is_away
        assert await ledger.turn(lambda: 8) == 8
    assert caplog.text.count("store cannot keep up") == 1
    assert caplog.text.count("store keeps up again") == 1


async def test_a_crowd_that_stays_is_told_once(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    one_a_turn = replace(HASTY, run_s=0.0)
    shared = shared_ledger(redis.url, "era", new_name, one_a_turn, acts_kept=ACTS_KEPT)
    async with asyncio.timeout(10), shared as ledger, asyncio.TaskGroup() as tasks:
        turned = asyncio.Event()
        for _ in range(ACTS_KEPT):
            ledger.post(turned.set)
        for _ in range(5):
            with pytest.raises(StoreAway, match="too many wait"):
                await ledger.turn(lambda: None)
            turned.clear()
            await turned.wait()
            tasks.create_task(ledger.turn(turned.set))
            await asyncio.sleep(0)
            assert ledger.is_late

        assert caplog.text.count("store cannot keep up") == 1
        assert "store keeps up again" not in caplog.text
        await eventually(lambda: not ledger.load.waiting)
        await ledger.turn(lambda: None)
        assert caplog.text.count("store keeps up again") == 1


async def test_what_happened_is_kept_however_many_wait(redis: RedisProcess) -> None:
    shared = shared_ledger(redis.url, "era", new_name, HASTY, acts_kept=ACTS_KEPT)
    async with shared as ledger:
        happened: list[int] = []
        for number in range(5 * ACTS_KEPT):
            ledger.post(lambda number=number: happened.append(number))  # type: ignore[misc]

        assert ledger.is_late
        assert ledger.load.waiting == 5 * ACTS_KEPT
        await eventually(lambda: not ledger.is_late)
        await ledger.turn(lambda: None)
        assert happened == list(range(5 * ACTS_KEPT))


async def test_what_a_store_out_of_reach_never_took_is_named_at_the_end(
    redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with shared_ledger(redis.url, "era", new_name, IMPATIENT) as ledger:
        redis.kill()
        for _ in range(3):
            ledger.post(lambda: None)

    assert "store left undone" in caplog.text
    assert [record.acts for record in caplog.records if hasattr(record, "acts")] == [3]
