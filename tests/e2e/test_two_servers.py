"""A call between two servers that share a store, and what it outlives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from tests.fakes.branch import Branch, wait_for_new_pictures, wait_until
from tests.fakes.camera_watch import devices_watched
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.races import races
from tests.fakes.redis_process import RedisProcess
from tests.fakes.room_server import Member
from tests.fakes.stored_secrets import Settings


pytestmark = pytest.mark.e2e


RACES = 500
_LIMITS = {"requests_per_identity": 1000}


@dataclass(frozen=True)
class Cluster:
    """Two servers, and a way to each that can lead to the other."""

    branch: Branch
    redis: RedisProcess
    servers: tuple[Server, Server]
    ways: tuple[Proxy, Proxy]

    def start_agent(self) -> Party:
        self.branch.server_url = f"http://{self.ways[0].address}"
        return self.branch.start_agent()

    def start_kiosk(self) -> Party:
        self.branch.server_url = f"http://{self.ways[1].address}"
        return self.branch.start_kiosk()


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with ExitStack() as stack:
        redis = stack.enter_context(RedisProcess())
        branch = stack.enter_context(Branch())
        store: Settings = {"store": {"url": redis.url}, "limits": _LIMITS}
        servers = tuple(
            branch.start_named_server(name, store) for name in ("one", "two")
        )
        ways = tuple(stack.enter_context(proxy(port_of(one))) for one in servers)
        assert len(servers) == len(ways) == 2
        yield Cluster(branch, redis, (servers[0], servers[1]), (ways[0], ways[1]))


def is_shown(now: Mapping[str, Any]) -> bool:
    return bool(now["play"]) and now["play"][0]["pictures_shown"] > 15


def knows_the_store_is_back(server: Server) -> bool:
    return "store is back" in server.log


def called(cluster: Cluster) -> tuple[Party, Party]:
    agent, kiosk = cluster.start_agent(), cluster.start_kiosk()
    agent.wait_for("WAITING", 15.0)
    kiosk.wait_for("IDLE", 15.0)
    kiosk.press("call")
    for party in (agent, kiosk):
        party.wait_for("IN_CALL", 15.0)
        party.wait_until(is_shown, "showing pictures")
    return agent, kiosk


def test_a_kiosk_and_an_agent_at_different_servers_call_each_other(
    cluster: Cluster,
) -> None:
    agent, kiosk = called(cluster)
    for party in (agent, kiosk):
        wait_for_new_pictures(party)

    agent.press("hangup")
    kiosk.wait_for("IDLE", 10.0)
    agent.wait_for("WAITING", 15.0)


def test_a_call_outlives_the_server_of_one_of_them(cluster: Cluster) -> None:
    agent, kiosk = called(cluster)
    with devices_watched(agent, kiosk):
        cluster.servers[0].kill()
        cluster.ways[0].lead_to(port_of(cluster.servers[1]))  # as a load balancer does
        cluster.ways[0].reset()

        for party in (agent, kiosk):
            wait_for_new_pictures(party)
            party.wait_for("IN_CALL", 10.0)
    assert agent.status()["call"] == 1
    assert kiosk.status()["call"] == 1


def test_a_call_outlives_a_restart_of_the_store(cluster: Cluster) -> None:
    agent, kiosk = called(cluster)
    with devices_watched(agent, kiosk):
        cluster.redis.kill()
        for party in (agent, kiosk):
            wait_for_new_pictures(party)
        cluster.redis.start()

        for server in cluster.servers:
            wait_until(partial(knows_the_store_is_back, server), "the store is back")
        for party in (agent, kiosk):
            wait_for_new_pictures(party)
            party.wait_for("IN_CALL", 10.0)
            assert party.status()["call"] == 1
        agent.press("hangup")
        kiosk.wait_for("IDLE", 10.0)


async def test_a_race_over_two_processes_for_the_last_seat_has_one_winner(
    cluster: Cluster,
) -> None:
    async with AsyncExitStack() as stack:
        ways = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
            for server in cluster.servers
        ]
        agent, *rivals = (Member(ways[n % 2], f"member{n}") for n in range(3))
        for member in (agent, *rivals):
            await member.log_in()
        run = await races(agent, rivals, RACES)

    assert len(run) == RACES
    assert [race for race in run if not race.is_fair] == []
    winners = {race.seated[0] for race in run}
    assert winners == {rival.user for rival in rivals}
