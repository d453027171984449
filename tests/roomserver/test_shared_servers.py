"""Two whole servers on one store: to their clients they are one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from typing_extensions import override

from kiosk.errors import RoomFull
from kiosk.room import messages as msg
from kiosk.roomserver.echo import ROOM, EchoSettings
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_valkey import shared_ledger
from tests.fakes.lives import HASTY, new_name
from tests.fakes.redis_process import RedisProcess
from tests.fakes.room_server import Answer, Member, running_server


@pytest.fixture
async def redis() -> AsyncGenerator[RedisProcess]:
    with RedisProcess() as running:
        # A memory that was begun: servers wait a while before they begin one.
        async with shared_ledger(running.url, "era", new_name, HASTY):
            pass
        yield running


@asynccontextmanager
async def servers(
    redis: RedisProcess, settings: ServerSettings | None = None
) -> AsyncGenerator[tuple[ServerAddresses, ServerAddresses]]:
    """Start two servers that share a store."""
    settings = replace(
        settings or ServerSettings(), http_port=0, rtmp_port=0, store_url=redis.url
    )
    async with (
        running_server(settings) as (one, _),
        running_server(settings) as (two, _),
    ):
        yield one, two


@asynccontextmanager
async def clients(*at: ServerAddresses) -> AsyncGenerator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(httpx.AsyncClient(base_url=one.http_url))
            for one in at
        ]


class Wanderer(Member):
    """A client behind a load balancer: each request goes to the next server."""

    def __init__(self, ways: list[httpx.AsyncClient], user: str) -> None:
        super().__init__(ways[0], user)
        self._ways = ways

    @override
    async def ask(self, request: msg.Request[Answer]) -> Answer:
        self._ways.append(self._ways.pop(0))
        self._client = self._ways[0]
        return await super().ask(request)


async def until(is_true: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await is_true():  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.05)


async def wanderers(ways: list[httpx.AsyncClient], *users: str) -> list[Wanderer]:
    members = [Wanderer(list(ways), user) for user in users]
    for member in members:
        await member.log_in()
    return members


async def test_a_client_may_be_answered_by_any_server_each_time(
    redis: RedisProcess,
) -> None:
    async with servers(redis) as at, clients(*at) as ways:
        agent, kiosk = await wanderers(ways, "agent", "kiosk")
        await agent.create()
        await kiosk.join()
        await agent.say("desk", "good morning")

        assert await kiosk.texts("desk") == ["good morning"]
        for member in (agent, kiosk, agent, kiosk):
            room = await member.ask(msg.GetPushers("desk"))
            assert [one.user_id for one in room.members] == ["agent", "kiosk"]
            await member.ask(msg.PusherHeartbeat("desk", member.user))
        await agent.ask(msg.DestroyRoom("desk", "agent"))
        last = await kiosk.ask(msg.WaitEvents("desk", "kiosk", 2, 0.0))

        assert [event.kind for event in last.events] == [
            msg.EventKind.TEXT,
            msg.EventKind.ROOM_CLOSED,
        ]


async def test_a_wait_at_one_server_is_ended_by_what_happens_at_the_other(
    redis: RedisProcess,
) -> None:
    async with servers(redis) as at, clients(*at) as (one, two):
        agent, kiosk = Member(one, "agent"), Member(two, "kiosk")
        await agent.log_in()
        await kiosk.log_in()
        await agent.create()
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as tasks:
            wait = msg.WaitEvents("desk", "agent", 1, 20.0)
            waiting = tasks.create_task(agent.ask(wait))
            await asyncio.sleep(0.1)
            await kiosk.join()
            events = await waiting

    assert [event.user_id for event in events.events] == ["kiosk"]


async def test_a_place_in_the_queue_is_one_for_all_servers(redis: RedisProcess) -> None:
    async with servers(redis) as at, clients(*at) as ways:
        agent, first, second, third = await wanderers(
            ways, "agent", "first", "second", "third"
        )
        await agent.create()
        await first.join()

        async def place(
            who: Member, known: int = 0, hold_s: float = 0.0
        ) -> msg.QueuePlace:
            asked = msg.QueueSeat(who.user, ("desk",), known, hold_s)
            return await who.ask(asked)

        assert (await place(second)).position == 1
        assert (await place(third)).position == 2
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(place(second, 1, 20.0))
            behind = tasks.create_task(place(third, 2, 20.0))
            await asyncio.sleep(0.1)
            await first.ask(msg.DeletePusher("desk", "first"))
            turn, moved = await waiting, await behind

        assert turn.room_id == "desk"
        assert (moved.position, moved.room_id) == (1, "")
        with pytest.raises(RoomFull):
            await third.join()
        await second.join()


async def test_of_many_that_want_the_last_seat_at_once_exactly_one_gets_it(
    redis: RedisProcess,
) -> None:
    settings = ServerSettings(capacity_multi=2)
    async with servers(redis, settings) as at, clients(*at) as ways:
        (agent,) = await wanderers(ways, "agent")
        rivals = [Member(ways[number % 2], f"k{number}") for number in range(8)]
        for rival in rivals:
            await rival.log_in()
        for number in range(12):
            room = f"desk-{number}"
            await agent.create(room)
            urls = [
                (await rival.ask(msg.GetPushUrl(rival.user))).push_url
                for rival in rivals
            ]
            joins = (
                rival.ask(msg.AddPusher(room, rival.user, rival.user, url))
                for rival, url in zip(rivals, urls, strict=True)
            )
            results = await asyncio.gather(*joins, return_exceptions=True)

            refused = [result for result in results if isinstance(result, RoomFull)]
            assert len(refused) == len(rivals) - 1
            assert sum(isinstance(result, msg.Seated) for result in results) == 1
            await agent.ask(msg.DestroyRoom(room, "agent"))


async def test_the_urls_of_a_stream_name_the_server_that_has_it(
    redis: RedisProcess,
) -> None:
    async with servers(redis) as at, clients(*at) as (one, two):
        agent, kiosk = Member(one, "agent"), Member(two, "kiosk")
        await agent.log_in()
        await kiosk.log_in()
        await agent.create()
        await kiosk.join()
        for member in (agent, kiosk):
            room = await member.ask(msg.GetPushers("desk"))
            ports = [
                url.play_url.split("/")[2].rpartition(":")[2] for url in room.members
            ]

            assert ports == [str(where.rtmp[1]) for where in at]


async def test_a_server_that_stops_takes_nobody_with_it(redis: RedisProcess) -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0, store_url=redis.url)
    async with running_server(settings) as (stays, _):
        async with running_server(settings) as (stops, stopping):
            async with clients(stops) as (way,):
                (agent,) = await wanderers([way], "agent")
                await agent.create()
            stopping.cancel()
            await asyncio.wait({stopping})
        async with clients(stays) as (way,):
            (kiosk,) = await wanderers([way], "kiosk")
            await kiosk.join()
            room = await kiosk.ask(msg.GetPushers("desk"))

    assert [one.user_id for one in room.members] == ["agent", "kiosk"]


async def test_without_the_store_a_server_says_so_and_then_goes_on(
    redis: RedisProcess,
) -> None:
    async with servers(redis) as at, clients(*at) as (one, two):
        (agent,) = await wanderers([one], "agent")
        await agent.create()
        redis.kill()
        beat = {"roomID": "desk", "userID": "agent"}
        path = msg.path_of(msg.PusherHeartbeat("desk", "agent"))
        refused = await one.post(path, params=agent._query, json=beat)

        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        assert (await two.post("/kiosk/report", json={})).status_code == 503
        ready = await two.get("/readyz")
        assert (ready.status_code, ready.json()["store"]) == (503, "away")
        for way in (one, two):
            told = (await way.get("/metrics")).text
            assert re.search("^kiosk_store_refused_total [1-9]", told, re.MULTILINE)
        redis.start()

        async def is_back() -> bool:
            return (await one.get("/readyz")).status_code == 200

        await until(is_back)
        await agent.ask(msg.PusherHeartbeat("desk", "agent"))


async def test_the_echo_is_where_its_guest_is(redis: RedisProcess) -> None:
    settings = ServerSettings(echo=EchoSettings(enabled=True))
    async with servers(redis, settings) as at, clients(*at) as ways:
        for way, where in zip(ways, at, strict=True):
            guest = Member(way, f"guest-{where.http[1]}")
            await guest.log_in()

            here = f"{where.rtmp[0]}:{where.rtmp[1]}"

            async def is_here(guest: Member = guest, here: str = here) -> bool:
                room = await guest.ask(msg.GetPushers(ROOM))
                return [one.play_url.split("/")[2] for one in room.members] == 2 * [
                    here
                ]

            await guest.join(ROOM)
            await until(is_here)
            await guest.ask(msg.DeletePusher(ROOM, guest.user))
