"""
Whatever breaks a stream: screens say so, no picture stands still, and it comes back.

Agent and kiosk reach the relay through a proxy that fails in one way or the
other; both panels are watched from outside.  The screens promise a second; a
machine that runs tests is given another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.branch import Branch, wait_for_new_pictures
from tests.fakes.panels import Watch, panel_of
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, Way, proxy
from tests.fakes.strangers import free_port


pytestmark = pytest.mark.e2e

TOLD_WITHIN_S, FROZEN_S = 2.0, 2.0
BROKEN_S = 2.5
BACK_WITHIN_S = 15.0
BROKEN = ("reconnecting", "peer_away", "connecting")


@dataclass(frozen=True)
class World:
    branch: Branch
    media: Proxy
    agent: Party
    kiosk: Party

    @property
    def parties(self) -> tuple[Party, Party]:
        return self.kiosk, self.agent

    def watch(self, party: Party) -> Watch:
        return Watch(Path(self.branch.folder) / f"{party.name}.fb")


@pytest.fixture(scope="module")
def everybody() -> Iterator[World]:
    with proxy() as media, Branch() as branch:
        server = branch.start_server(public_rtmp=media.address)
        media.lead_to(server.rtmp_port)
        agent = branch.start_agent(display=panel_of(branch, "agent"))
        agent.wait_for("WAITING")
        kiosk = branch.start_kiosk(display=panel_of(branch, "kiosk"))
        yield World(branch, media, agent, kiosk)


@pytest.fixture
def world(everybody: World) -> Iterator[World]:
    """A call that is going on."""
    kiosk, agent = everybody.parties
    kiosk.wait_for("IDLE")
    agent.wait_for("WAITING")
    kiosk.press("call")
    for party in everybody.parties:
        party.wait_for("IN_CALL")
        wait_for_new_pictures(party)
    yield everybody
    everybody.media.flow()
    kiosk.press("hangup")


def assert_told_and_back(
    world: World, breaks: Callable[[], object], mends: Callable[[], object]
) -> None:
    """Break the media; all that is promised is so, and the same call goes on."""
    calls = [party.status()["call"] for party in world.parties]
    with world.watch(world.kiosk) as at_kiosk, world.watch(world.agent) as at_agent:
        breaks()
        until = time.monotonic() + TOLD_WITHIN_S
        for party in world.parties:
            party.wait_until(
                lambda now: now["screen"] in BROKEN,
                "told that nothing comes",
                max(0.1, until - time.monotonic()),
            )
        time.sleep(BROKEN_S)
        mends()
        for party in world.parties:
            party.wait_for("IN_CALL", BACK_WITHIN_S)
            wait_for_new_pictures(party)
    for seen in (at_kiosk, at_agent):
        assert seen.longest_still_s < FROZEN_S
    assert [party.status()["call"] for party in world.parties] == calls


def test_pushes_that_stall_are_told_and_mended(world: World) -> None:
    media = world.media

    assert_told_and_back(world, lambda: media.stall(Way.THERE), media.flow)


def test_plays_that_stall_are_told_and_mended(world: World) -> None:
    media = world.media

    assert_told_and_back(world, lambda: media.stall(Way.BACK), media.flow)


def test_streams_that_are_half_open_are_told_and_mended(world: World) -> None:
    media = world.media

    assert_told_and_back(world, media.swallow, media.flow)


def test_streams_that_go_nowhere_though_they_are_taken_are_told_and_mended(
    world: World,
) -> None:
    media = world.media

    assert_told_and_back(world, lambda: media.swallow(Way.THERE), media.flow)


def test_after_a_reset_no_picture_stands_still(world: World) -> None:
    with world.watch(world.kiosk) as at_kiosk, world.watch(world.agent) as at_agent:
        world.media.reset()
        for party in world.parties:
            party.wait_until(
                lambda now: now["push"] is not None and now["push"]["reconnects"] > 0,
                "reconnected",
            )
            party.wait_for("IN_CALL", BACK_WITHIN_S)
            wait_for_new_pictures(party)

    for seen in (at_kiosk, at_agent):
        assert seen.longest_still_s < FROZEN_S


def test_a_relay_that_is_killed_and_started_again_is_told_and_mended(
    tmp_path: Path,
) -> None:
    with Branch() as branch:
        http, rtmp = (f"127.0.0.1:{free_port()}" for _ in range(2))
        store = {"store": {"path": str(tmp_path / "rooms.db")}}

        def start() -> Server:
            return branch.start_server(store, http=http, rtmp=rtmp)

        server = start()
        agent = branch.start_agent(display=panel_of(branch, "agent"))
        agent.wait_for("WAITING")
        kiosk = branch.start_kiosk(display=panel_of(branch, "kiosk"))
        kiosk.wait_for("IDLE")
        kiosk.press("call")
        with proxy() as unused:
            world = World(branch, unused, agent, kiosk)
            for party in world.parties:
                party.wait_for("IN_CALL")
                wait_for_new_pictures(party)

            assert_told_and_back(world, server.kill, start)
