"""A shared memory that is reached over TLS alone, and one that is not to be believed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from asyncio import TaskGroup
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kiosk.room import messages as msg
from kiosk.room.fields import Fields
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import Shelf
from kiosk.roomserver.store_valkey import ValkeyLedger, shared_ledger
from kiosk.roomserver.valkey_link import LinkLost, LinkTimes, ValkeyLink, connected
from tests.fakes.certificates import Authority, address
from tests.fakes.eventually import eventually
from tests.fakes.leaks import open_descriptors
from tests.fakes.lives import HASTY, new_name
from tests.fakes.noting_tables import NotingTables
from tests.fakes.redis_process import RedisProcess
from tests.fakes.room_server import members_of, running_server


IMPATIENT = replace(HASTY, answer_s=0.5, longest_pause_s=0.1, open_s=1.0)


@dataclass(frozen=True)
class Trust:
    """Who signed the memory's certificate, and somebody who did not."""

    folder: Path
    authority: Authority
    stranger: Authority

    @property
    def ca_file(self) -> str:
        return str(self.authority.file)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("store-tls")
    return Trust(folder, Authority(folder), Authority(folder, "stranger"))


@pytest.fixture
def redis(trust: Trust) -> Iterator[RedisProcess]:
    pair = trust.authority.server(alternative=address())
    with RedisProcess(password="right5ecret", tls=pair) as running:
        yield running


async def counted(ledger: ValkeyLedger) -> int:
    def count_up() -> int:
        facts = dict(ledger.facts(Shelf.MARK))
        count = Fields(facts.get("counter", {})).optional_count("n") + 1
        ledger.note(Shelf.MARK, "counter", {"n": count})
        return count

    return await ledger.turn(count_up)


async def test_processes_share_a_memory_over_tls_and_hear_each_other(
    redis: RedisProcess, trust: Trust
) -> None:
    assert redis.url.startswith("rediss://")
    url, ca_file = redis.url, trust.ca_file
    async with (
        shared_ledger(url, "era", new_name, HASTY, ca_file=ca_file) as here,
        shared_ledger(url, "era", new_name, HASTY, ca_file=ca_file) as there,
    ):
        tables = NotingTables()
        there.serve(tables)
        await here.turn(lambda: here.note(Shelf.ROOM, "desk", {"x": 1}))
        await eventually(lambda: len(tables.followed) == 1)

        assert [await counted(one) for one in (here, there, here)] == [1, 2, 3]


async def test_a_memory_that_was_away_is_found_again_over_tls(
    redis: RedisProcess, trust: Trust
) -> None:
    ca_file = trust.ca_file
    async with shared_ledger(
        redis.url, "era", new_name, HASTY, ca_file=ca_file
    ) as ledger:
        await counted(ledger)
        redis.kill()
        redis.start()

        assert await counted(ledger) == 2


async def test_whoever_leaves_a_memory_that_hangs_holds_no_connection_to_it(
    redis: RedisProcess, trust: Trust
) -> None:
    before = open_descriptors()
    async with shared_ledger(
        redis.url, "era", new_name, IMPATIENT, ca_file=trust.ca_file
    ) as ledger:
        await counted(ledger)
        redis.freeze()
    try:
        await eventually(lambda: open_descriptors() <= before)
    finally:
        redis.thaw()


async def test_servers_share_their_rooms_over_tls(
    redis: RedisProcess, trust: Trust
) -> None:
    settings = ServerSettings(
        http_port=0, rtmp_port=0, store_url=redis.url, store_ca_file=trust.ca_file
    )
    async with (
        running_server(settings) as (one, _),
        running_server(settings) as (
            two,
            _,
        ),
    ):
        async with members_of(one, "agent") as (agent,):
            await agent.create()
        async with members_of(two, "kiosk") as (kiosk,):
            await kiosk.join()
            room = await kiosk.ask(msg.GetPushers("desk"))

    assert [member.user_id for member in room.members] == ["agent", "kiosk"]


async def asked(link: ValkeyLink) -> None:
    with contextlib.suppress(LinkLost):
        await link.whole()


async def test_whoever_is_cancelled_while_it_connects_is_cancelled(
    redis: RedisProcess,
) -> None:
    url = redis.url.replace("rediss://", "redis://")  # each connection is cut
    for turns in range(20):
        async with connected(url, "me", LinkTimes()) as link, TaskGroup() as tasks:
            asking = tasks.create_task(asked(link))
            for _ in range(turns):
                await asyncio.sleep(0)
            was_asked = asking.done()
            asking.cancel()

        assert asking.cancelled() or was_asked, f"after {turns} turns of the loop"


async def refusal(url: str, ca_file: str | None) -> str:
    with pytest.raises(OSError, match="store 127") as refused:
        async with shared_ledger(url, "era", new_name, IMPATIENT, ca_file=ca_file):
            pass
    said = str(refused.value)
    assert "ecret" not in said
    return said


async def test_who_is_not_signed_by_ones_authority_is_no_memory(
    redis: RedisProcess, trust: Trust
) -> None:
    for ca_file in (None, str(trust.stranger.file)):
        said = await refusal(redis.url, ca_file)

        assert "certificate verify failed" in said


async def test_a_certificate_for_another_name_is_refused(trust: Trust) -> None:
    pair = trust.authority.server("elsewhere", alternative=address("192.0.2.1"))
    with RedisProcess(tls=pair) as redis:
        said = await refusal(redis.url, trust.ca_file)

    assert "IP address mismatch" in said


async def test_neither_side_falls_back_to_plain(
    redis: RedisProcess, trust: Trust
) -> None:
    await refusal(redis.url.replace("rediss://", "redis://"), None)
    with RedisProcess() as plain:
        await refusal(plain.url.replace("redis://", "rediss://"), trust.ca_file)


async def test_authorities_that_cannot_be_read_are_named(
    redis: RedisProcess, trust: Trust
) -> None:
    said = await refusal(redis.url, "/nowhere/ca.pem")
    assert "ca_file /nowhere/ca.pem: No such file" in said

    nonsense = trust.folder / "nonsense.pem"
    shutil.copy(trust.folder / "server.key", nonsense)
    assert f"ca_file {nonsense}" in await refusal(redis.url, str(nonsense))
