"""Keys, spent tickets and kept answers of several processes on one memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.relay_terms import Permit, Refusal
from kiosk.roomserver.store_ledger import Ledger
from kiosk.roomserver.store_valkey import shared_ledger
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.eventually import eventually
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.lives import HASTY, new_name
from tests.fakes.redis_process import RedisProcess
from tests.fakes.room_core import FakeCore, HandClock


ID = "0123456789abcdef"
USED = "the key was used before"


class Process:
    """One of the processes: its tables, asked in turns."""

    def __init__(self, ledger: Ledger, core: FakeCore) -> None:
        self.ledger = ledger
        self.core = core
        self.ring = core.core.streams.keys.ring

    async def push_url(self, user: str, request_id: str = "") -> str:
        wire = msg.GetPushUrl(user, tickets=True).to_wire()
        answer = await self.ledger.turn(
            lambda: self.core.ask(
                "get_push_url", wire, user=user, request_id=request_id
            )
        )
        return str(answer["pushURL"])

    async def play_url(self, user: str, of: str) -> str:
        members = await self.ledger.turn(lambda: self.core.members(user, tickets=True))
        return members[of]

    async def judge(self, verb: str, url: str) -> Permit | Refusal:
        asked = RtmpUrl.parse(url)
        gate = self.core.core.gate
        judges: dict[str, Callable[[str, str, str], Permit | Refusal]] = {
            "publish": gate.authorize_publish,
            "play": gate.authorize_play,
        }
        return await self.ledger.turn(
            lambda: judges[verb](asked.app, asked.name, asked.query)
        )


@asynccontextmanager
async def two_processes() -> AsyncGenerator[tuple[Process, Process, HandClock]]:
    clock = HandClock()
    with RedisProcess() as redis:
        async with (
            shared_ledger(redis.url, "era", new_name, HASTY) as one,
            shared_ledger(redis.url, "era", new_name, HASTY) as two,
        ):
            here = await one.turn(lambda: FakeCore(clock=clock, ledger=one))
            there = await two.turn(lambda: FakeCore(clock=clock, ledger=two))
            there.tokens = here.tokens
            await one.turn(lambda: here.create("agent"))
            await one.turn(lambda: here.join("kiosk"))
            yield Process(one, here), Process(two, there), clock


async def test_a_ticket_of_one_process_is_taken_by_another_and_by_both_only_once() -> (
    None
):
    async with two_processes() as (here, there, _):
        assert here.ring.kids == there.ring.kids
        push = await here.push_url("agent")
        pull = await here.play_url("kiosk", "agent")

        admitted(await there.judge("publish", push))
        assert refused(await here.judge("publish", push)) == USED
        admitted(await there.judge("play", pull))


async def test_a_ticket_out_of_time_is_let_in_once_by_all_of_them() -> None:
    async with two_processes() as (here, there, clock):
        pull = await here.play_url("kiosk", "agent")
        clock.unix += 61

        admitted(await here.judge("play", pull))
        assert refused(await there.judge("play", pull)) == USED


async def test_a_new_key_is_everybodys_and_only_one_makes_it() -> None:
    async with two_processes() as (here, there, clock):
        first = here.ring.signing.kid
        clock.move(24 * 3600)
        for process in (here, there):
            await process.ledger.turn(process.ring.sweep)

        assert here.ring.kids == there.ring.kids
        assert here.ring.kids[1] == first


async def test_a_key_revoked_in_one_process_ends_connections_at_the_other() -> None:
    async with two_processes() as (here, there, _):
        permit = admitted(
            await there.judge("play", await here.play_url("kiosk", "agent"))
        )
        reviews = there.core.relay.reviews
        kid = here.ring.signing.kid
        await here.ledger.turn(lambda: here.ring.revoke(kid))
        await eventually(lambda: there.core.relay.reviews > reviews)

        assert permit() == "the key was revoked"
        assert here.ring.kids == there.ring.kids != (kid,)


async def test_a_request_that_comes_again_at_another_process_is_answered_alike() -> (
    None
):
    async with two_processes() as (here, there, _):
        first = await here.push_url("kiosk", ID)

        assert await there.push_url("kiosk", ID) == first
        assert await there.push_url("kiosk") != first


@pytest.mark.parametrize("verb", ["delete_pusher", "destroy_room"])
async def test_who_leaves_at_one_process_plays_no_more_at_the_other(verb: str) -> None:
    async with two_processes() as (here, there, clock):
        permit = admitted(
            await there.judge("play", await here.play_url("kiosk", "agent"))
        )
        user = "kiosk" if verb == "delete_pusher" else "agent"
        body: dict[str, object] = {"roomID": "desk", "userID": user}
        answer = await here.ledger.turn(lambda: here.core.ask(verb, body, user=user))
        assert answer["code"] == 0
        await eventually(lambda: bool(there.core.relay.cuts or there.core.put_off))
        permit()
        clock.move(1)

        assert permit() != ""
