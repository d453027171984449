"""A customer's call outlives what befalls an agent's stream, or who takes it over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from kiosk import ports
from kiosk.agentdesk.call_values import Agent, End, Patience
from kiosk.agentdesk.calls import DeskCall, Share
from kiosk.errors import NotAMember, RoomRefused, RoomUnreachable
from tests.fakes.desk_party import KIOSK, WAIT, PaperParty, Watch


AWAY = RoomUnreachable("the store is away")
REFUSED = RoomRefused("add_pusher", 9, "no such stream")


class Running:
    """Anna's call, in which the kiosk is."""

    def __init__(self, patience: Patience) -> None:
        self.party, self.watch = PaperParty(), Watch()
        anna = Agent("anna", "Anna")
        self.call = DeskCall(
            "c1", WAIT, self.party, anna, watch=self.watch, patience=patience
        )
        self.ended: asyncio.Task[End] | None = None

    @property
    def is_over(self) -> bool:
        return self.ended is None or self.ended.done()

    def taker(self) -> Share:
        """Let Berta begin to take the call over."""
        self.call.offer_to(Agent("berta", "Berta"))
        assert self.call.taker is not None
        return self.call.taker


@asynccontextmanager
async def in_call(faults_s: float = 60.0) -> AsyncGenerator[Running]:
    made = Running(Patience(faults_s=faults_s))
    async with asyncio.TaskGroup() as group:
        made.ended = group.create_task(made.call.run())
        await made.call.holder.published(await made.call.holder.push_url())
        made.party.tell(ports.PeerJoined(KIOSK))
        yield made
        made.call.finish(End.HUNG_UP)


async def test_a_takers_stream_that_is_refused_takes_only_the_taker_away() -> None:
    async with in_call() as made:
        holder, taker = made.call.holder, made.taker()
        turn = taker.begin()
        made.party.faults = [REFUSED]
        with pytest.raises(RoomRefused):
            await taker.published("rtmp://h/live/berta")

        assert (made.is_over, made.call.holder, made.call.taker) == (
            False,
            holder,
            None,
        )
        assert turn.is_set()
        assert made.watch.not_taking == ["Berta"]


async def test_a_taker_tries_again_while_the_service_is_away() -> None:
    async with in_call() as made:
        taker = made.taker()
        made.party.faults = [AWAY, AWAY]
        with pytest.raises(RoomUnreachable):
            await taker.push_url()
        with pytest.raises(RoomUnreachable):
            await taker.published("rtmp://h/live/berta")
        await taker.published(await taker.push_url())

        assert made.call.holder is taker
        assert made.watch.not_taking == []


async def test_the_holders_stream_comes_back_after_a_takers_that_may_have_been_seen() -> (
    None
):
    async with in_call() as made:
        holder, taker = made.call.holder, made.taker()
        turn = holder.begin()
        made.party.faults = [AWAY]
        with pytest.raises(RoomUnreachable):
            await taker.published("rtmp://h/live/berta")
        made.call.drop(taker)

        assert turn.is_set()  # his page begins anew
        await holder.published(await holder.push_url())
        assert made.party.moved[-1] == ("Anna", "rtmp://h/live/new")


async def test_who_steps_back_while_his_stream_moves_has_no_call() -> None:
    async with in_call() as made:
        holder, taker = made.call.holder, made.taker()
        turn = holder.begin()
        made.party.is_held = True

        async def step_back() -> None:
            while not made.party.moved:  # noqa: ASYNC110 -- a network rings no bell
                await asyncio.sleep(0.005)
            made.call.step_back()
            made.party.is_held = False

        async with asyncio.TaskGroup() as group:
            group.create_task(step_back())
            with pytest.raises(NotAMember):
                await taker.published("rtmp://h/live/berta")

        assert made.call.holder is holder
        assert turn.is_set()


async def test_a_taker_who_never_tried_leaves_the_holders_stream_alone() -> None:
    async with in_call() as made:
        turn = made.call.holder.begin()
        made.call.drop(made.taker())

        assert not turn.is_set()
        assert made.watch.not_taking == ["Berta"]


@pytest.mark.parametrize("fault", [AWAY, REFUSED])
async def test_the_holders_stream_is_tried_again_while_the_seat_may_live(
    fault: RoomRefused | RoomUnreachable,
) -> None:
    async with in_call() as made:
        holder = made.call.holder
        made.party.faults = [fault, fault]
        for _ in range(2):
            with pytest.raises(RoomUnreachable):
                await holder.published("rtmp://h/live/again")

        await holder.published("rtmp://h/live/again")
        assert not made.is_over


async def test_a_fault_that_lasts_ends_the_call() -> None:
    async with in_call(faults_s=0.02) as made:
        made.party.faults = [AWAY, AWAY]
        with pytest.raises(RoomUnreachable):
            await made.call.holder.published("rtmp://h/live/again")
        await asyncio.sleep(0.05)
        with pytest.raises(RoomUnreachable):
            await made.call.holder.published("rtmp://h/live/again")

        assert made.ended is not None
        assert await made.ended is End.FAILED


async def test_a_seat_that_is_gone_ends_the_call() -> None:
    async with in_call() as made:
        made.party.faults = [NotAMember("add_pusher", 5, "no member")]
        with pytest.raises(NotAMember):
            await made.call.holder.push_url()

        assert made.ended is not None
        assert await made.ended is End.FAILED
