"""
Servers that say nothing, stop reading, hang up, or are not there.

One agent and two kiosks whose room calls and media pass proxies; each test
makes one of these fail and lets it work again.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fakes.branch import (
    Branch,
    play_urls,
    room_members,
    wait_for_new_pictures,
    wait_until,
)
from tests.fakes.camera_watch import devices_watched
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.strangers import free_port


pytestmark = pytest.mark.e2e

ALL_CLOSED = {"camera_open": False, "microphone_open": False, "speaker_open": False}
HEARTBEAT_TIMEOUT_S = 3.0
ROUND_TRIP_S = 0.25


@dataclass(frozen=True)
class World:
    server: Server
    media: Proxy
    """Between everybody and the relay."""
    rooms: Proxy
    """Between the kiosks and the room service."""
    agent: Party
    kiosk: Party
    impatient: Party
    """A kiosk that gives a lost stream up early."""


@pytest.fixture(scope="module")
def world_of_the_module() -> Iterator[World]:
    with proxy() as media, proxy() as rooms, Branch() as branch:
        server = branch.start_server(
            public_rtmp=media.address,
            heartbeat_timeout_s=HEARTBEAT_TIMEOUT_S,
            sweep_s=0.5,
        )
        media.lead_to(server.rtmp_port)
        rooms.lead_to(int(server.url.rpartition(":")[2]))
        agent = branch.start_agent()
        branch.server_url = f"http://{rooms.address}"
        kiosk = branch.start_kiosk(call={"publish_s": 2.0, "reserve_s": 2.0})
        impatient = branch.start_kiosk("impatient", call={"reconnect_s": 1.0})
        yield World(server, media, rooms, agent, kiosk, impatient)


@pytest.fixture
def world(world_of_the_module: World) -> Iterator[World]:
    """Everybody ready, everything working, before and after."""
    now = world_of_the_module
    try:
        for kiosk in (now.kiosk, now.impatient):
            kiosk.wait_for("IDLE", 15.0)
        now.agent.wait_for("WAITING", 15.0)
        with devices_watched(now.kiosk, now.impatient, now.agent):
            yield now
    finally:
        now.media.flow()
        now.rooms.flow()
        for kiosk in (now.kiosk, now.impatient):
            kiosk.press("hangup")


def call(kiosk: Party, agent: Party) -> None:
    kiosk.press("call")
    kiosk.wait_for("IN_CALL")
    agent.wait_for("IN_CALL")


def assert_answers_at_once(kiosk: Party) -> None:
    """Status and mute are answered while everything else hangs."""
    took: list[float] = []
    for _ in range(10):
        began = time.monotonic()
        kiosk.status()
        kiosk.press("mute")
        took.append((time.monotonic() - began) / 2)
    assert statistics.median(took) < ROUND_TRIP_S
    assert max(took) < 4 * ROUND_TRIP_S


def test_a_silent_relay_ends_the_call_by_its_deadline_with_a_reason(
    world: World,
) -> None:
    world.media.stall()

    world.kiosk.press("call")
    world.kiosk.wait_until(lambda now: now["devices"]["camera_open"], "publishing")
    assert_answers_at_once(world.kiosk)
    ended = world.kiosk.wait_for("ENDED", 6.0)
    world.kiosk.wait_for("IDLE")

    assert ended["screen"] == "ended"
    assert ended["reason"].startswith("M003 ")
    assert world.kiosk.status()["devices"] == ALL_CLOSED


def test_hanging_up_on_a_silent_relay_closes_the_camera_within_a_second(
    world: World,
) -> None:
    world.media.stall()
    world.kiosk.press("call")
    world.kiosk.wait_until(lambda now: now["devices"]["camera_open"], "publishing")

    world.kiosk.press("hangup")

    world.kiosk.wait_until(lambda now: now["devices"] == ALL_CLOSED, "closed", 1.0)
    assert world.kiosk.state == "IDLE"


def test_a_silent_room_service_ends_the_search_by_its_deadline(world: World) -> None:
    world.rooms.stall()

    world.kiosk.press("call")
    world.kiosk.wait_for("RESERVING")
    assert_answers_at_once(world.kiosk)
    ended = world.kiosk.wait_for("ENDED", 6.0)

    assert ended["reason"].startswith("R0")
    assert ended["devices"] == ALL_CLOSED


def test_hanging_up_on_a_silent_room_service_closes_the_camera_within_a_second(
    world: World,
) -> None:
    call(world.kiosk, world.agent)
    world.rooms.stall()

    world.kiosk.press("hangup")

    world.kiosk.wait_until(lambda now: now["devices"] == ALL_CLOSED, "closed", 1.0)
    assert world.kiosk.state == "IDLE"
    wait_until(
        lambda: world.kiosk.status()["user_id"] not in room_members(world.server.url),
        "the server noticed",
        HEARTBEAT_TIMEOUT_S + 5.0,
    )


def test_connections_that_are_reset_are_made_anew_on_both_sides(world: World) -> None:
    call(world.kiosk, world.agent)
    call_before = world.kiosk.status()["call"]

    world.media.reset()

    for party in (world.kiosk, world.agent):
        party.wait_until(
            lambda now: now["push"] is not None and now["push"]["reconnects"] > 0,
            "reconnected",
        )
        party.wait_for("IN_CALL")
    for party in (world.kiosk, world.agent):
        wait_for_new_pictures(party)
    assert world.kiosk.status()["call"] == call_before


def test_a_relay_that_stops_reading_is_left_for_a_fresh_stream(world: World) -> None:
    call(world.kiosk, world.agent)
    members = sorted(room_members(world.server.url))
    before = world.kiosk.status()
    stalled_url = play_urls(world.server.url)[before["user_id"]]

    world.media.stall()
    world.kiosk.wait_for("RECONNECTING", 12.0)
    assert_answers_at_once(world.kiosk)
    assert sorted(room_members(world.server.url)) == members
    world.media.flow()
    status = world.kiosk.wait_for("IN_CALL", 12.0)
    world.agent.wait_for("IN_CALL", 12.0)

    assert status["call"] == before["call"]
    assert status["push"]["reconnects"] >= 1
    for party in (world.kiosk, world.agent):
        wait_for_new_pictures(party)
    assert sorted(room_members(world.server.url)) == members
    assert play_urls(world.server.url)[before["user_id"]] != stalled_url


def test_a_relay_that_never_reads_again_ends_the_call_by_its_deadline(
    world: World,
) -> None:
    call(world.impatient, world.agent)

    world.media.stall()
    world.impatient.wait_for("RECONNECTING", 12.0)
    ended = world.impatient.wait_for("ENDED", 6.0)

    assert ended["reason"].startswith("M003 ")
    world.impatient.wait_until(lambda now: now["devices"] == ALL_CLOSED, "closed", 1.0)


def test_a_kiosk_without_its_server_is_out_of_service_until_it_comes() -> None:
    port = free_port()
    with Branch() as branch:
        branch.server_url = f"http://127.0.0.1:{port}"
        kiosk = branch.start_kiosk()

        status = kiosk.wait_until(lambda now: bool(now["reason"]), "out of service")
        assert status["state"] == "OUT_OF_SERVICE"
        assert status["screen"] == "out_of_service"
        assert f"127.0.0.1:{port}" in status["reason"]
        kiosk.press("call")
        assert kiosk.state == "OUT_OF_SERVICE"
        branch.start_server(http=f"127.0.0.1:{port}")

        assert kiosk.wait_for("IDLE", 15.0)["screen"] == "idle"
        assert kiosk.stop() == os.EX_OK
