"""Kiosks in the queue of a whole server: order, places, and who is refused."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from kiosk.errors import RoomFull
from kiosk.ports import NoSeat, Seat
from kiosk.room.messages import Dialect
from tests.fakes.room_world import Party, RoomWorld, settle


async def lined_up(
    stack: AsyncExitStack, world: RoomWorld, *names: str
) -> tuple[Party, ...]:
    """Return an agent with a customer, and kiosks that wait in this order."""
    parties = [
        await stack.enter_async_context(
            world.party(name, "desk-*" if name != "agent" else "desk-1", create=not n)
        )
        for n, name in enumerate(("agent", "customer", *names))
    ]
    for party in parties[:2]:
        await party.enter()
    for party in parties[2:]:
        assert isinstance(await party.service.find_seat(), NoSeat)
    return tuple(parties)


async def test_turns_come_in_order_of_arrival() -> None:
    world, turns = RoomWorld(), list[str]()

    async def wait(party: Party, name: str) -> None:
        while await party.service.wait_turn() is not None:
            pass
        turns.append(name)
        await party.enter()
        await party.service.leave()

    async with AsyncExitStack() as stack:
        _, customer, *kiosks = await lined_up(stack, world, "ann", "bob", "cyd")
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as tasks:
            for name, party in reversed(
                [*zip(("ann", "bob", "cyd"), kiosks, strict=True)]
            ):
                tasks.create_task(wait(party, name))
            await settle()
            await customer.service.leave()

        assert turns == ["ann", "bob", "cyd"]


async def test_a_place_that_moves_is_told_while_waiting() -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        *_, ann, bob = await lined_up(stack, world, "ann", "bob")
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(bob.service.wait_turn())
            await settle()
            await ann.service.leave()

        assert waiting.result() == NoSeat("full", 1)


async def test_nobody_takes_the_seat_that_is_kept_for_another() -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        _, customer, ann = await lined_up(stack, world, "ann")
        stranger = await stack.enter_async_context(
            world.party("stranger", "desk-1", dialect=Dialect.V1)
        )
        await customer.service.leave()
        seat = await stranger.service.find_seat()
        assert isinstance(seat, Seat)
        with pytest.raises(RoomFull):
            await stranger.enter_at(seat)

        assert await ann.service.wait_turn() is None
        assert await ann.enter()


async def test_a_kiosk_that_died_in_line_is_skipped() -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        _, customer, dead, bob = await lined_up(stack, world, "dead", "bob")
        assert dead.wire.routes.count("queue_seat") == 1
        await world.pass_by(4.0)
        await bob.service.find_seat()
        await world.pass_by(4.0)
        await customer.service.leave()

        assert await bob.service.wait_turn() is None


async def test_a_seat_nobody_comes_for_goes_to_the_next() -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        _, customer, dead, bob = await lined_up(stack, world, "dead", "bob")
        await customer.service.leave()
        assert await dead.service.wait_turn() is None
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(bob.service.wait_turn())
            await world.pass_by(8.0)
            assert not waiting.done() or waiting.result() == NoSeat("full", 1)
            tasks.create_task(world.pass_by(7.0))

        assert await bob.service.wait_turn() is None


async def test_leaving_gives_a_kept_seat_back_at_once() -> None:
    world = RoomWorld()
    async with AsyncExitStack() as stack:
        _, customer, ann, bob = await lined_up(stack, world, "ann", "bob")
        await customer.service.leave()
        assert await ann.service.wait_turn() is None
        await ann.service.leave()

        assert await bob.service.wait_turn() is None
