"""Our client at our own IM gateway, over real sockets, and what a lost one costs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kiosk.ports import PeerLeft, RoomClosed, TextReceived
from kiosk.roomserver.service import ServerAddresses
from tests.fakes.eventually import eventually
from tests.fakes.im_party import Party, party
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.room_server import members_of, running_server
from tests.fakes.silent_server import silent_server


async def test_who_comes_and_goes_is_told_by_the_channel_alone() -> None:
    async with (
        running_server() as (at, _),
        party(at, "agent") as agent,
        members_of(at, "kiosk") as (kiosk,),
    ):
        room_id = await agent.enter(create=True)
        await agent.is_in_the_group()

        await kiosk.join(room_id)
        await eventually(lambda: agent.joined("kiosk"))
        await kiosk.leave(room_id)
        await agent.hears(PeerLeft("kiosk", hung_up=True))


async def test_texts_go_both_ways_and_their_end_is_heard() -> None:
    async with (
        running_server() as (at, _),
        party(at, "agent") as agent,
        party(at, "kiosk") as kiosk,
    ):
        room_id = await agent.enter(create=True)
        await agent.is_in_the_group()
        await kiosk.enter()
        await kiosk.is_in_the_group()

        await agent.service.send_text('Is "Anna" there? }} 你好')
        await kiosk.service.send_text("yes", "reply")

        await kiosk.hears(TextReceived("agent", "agent", 'Is "Anna" there? }} 你好'))
        await agent.hears(TextReceived("kiosk", "kiosk", "yes", "reply"))
        await agent.service.leave()
        await kiosk.hears(RoomClosed("the room was closed", room_ended=True))
        assert room_id
        assert [one for one in kiosk.told if isinstance(one, TextReceived)] == [
            TextReceived("agent", "agent", 'Is "Anna" there? }} 你好')
        ]


@asynccontextmanager
async def agent_with_a_hindered_channel() -> AsyncGenerator[
    tuple[ServerAddresses, Party, Proxy]
]:
    """Yield an agent in the room ``desk`` whose gateway is behind a proxy."""
    async with running_server() as (at, _):
        with proxy(at.http[1]) as link:
            url = f"http://{link.address}"
            async with party(at, "agent", gateway_url=url, hasty=True) as agent:
                await agent.enter(create=True)
                await agent.is_in_the_group()
                yield at, agent, link


async def test_a_cut_channel_costs_delay_and_comes_back() -> None:
    async with (
        agent_with_a_hindered_channel() as (at, agent, link),
        members_of(at, "kiosk", "third") as (kiosk, third),
    ):
        with silent_server() as nowhere:
            link.lead_to(nowhere)
            link.reset()
            await eventually(lambda: not agent.channel.is_up)
            await kiosk.join()
            await eventually(lambda: agent.joined("kiosk"))
            await kiosk.leave()
            await agent.hears(PeerLeft("kiosk", hung_up=True))
            link.lead_to(at.http[1])
            link.reset()
            agent.front.asked.clear()

        await agent.is_in_the_group()
        await third.join()
        await eventually(lambda: agent.joined("third"))
        assert len(agent.told) == 3  # each of it told once


async def test_a_channel_that_falls_silent_costs_delay_and_nothing_else() -> None:
    async with (
        agent_with_a_hindered_channel() as (at, agent, link),
        members_of(at, "kiosk") as (kiosk,),
    ):
        link.stall()
        await kiosk.join()

        await eventually(lambda: agent.joined("kiosk"))
        assert agent.channel.is_up  # as far as it can know
