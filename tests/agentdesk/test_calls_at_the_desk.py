"""Agents and kiosks meet, over real sockets; only pictures and sounds are left out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from kiosk.ports import PeerJoined, PeerLeft, PeerMoved, RoomClosed, TextReceived
from tests.fakes.desk_world import DeskWorld, desk_world


pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[DeskWorld]:
    async with desk_world(tmp_path) as made:
        yield made


async def test_a_kiosk_in_a_room_of_its_own_is_answered(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()

    await anna.answer("Seven")
    await anna.in_stage("in_call")

    (joined,) = await kiosk.told(PeerJoined)
    assert joined.peer.name == "Anna Meier"
    assert anna.state["call"]["kiosk"] == "Seven"


async def test_a_kiosk_in_line_is_given_the_room_the_agent_opens(
    world: DeskWorld,
) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven", "service")
    async with asyncio.TaskGroup() as group:
        group.create_task(kiosk.call())

        await anna.answer("Seven")
        await anna.in_stage("in_call")

    (joined,) = await kiosk.told(PeerJoined)
    assert joined.peer.name == "Anna Meier"


async def test_of_two_agents_who_answer_at_once_one_has_it_and_the_other_is_told_who(
    world: DeskWorld,
) -> None:
    anna, berta = await world.page("anna"), await world.page("berta")
    await (await world.kiosk("Seven")).call()
    waiter = await anna.sees_waiting("Seven")

    await anna.order("answer", id=waiter["id"])
    await anna.until(lambda page: page.state["call"], "had a call")
    await berta.order("answer", id=waiter["id"])
    refused = await berta.hears("refused")

    assert refused["why"] == "answered"
    assert refused["name"] == "Anna Meier"
    assert berta.state["call"] is None


async def test_everybody_sees_who_answers_a_waiting_kiosk(world: DeskWorld) -> None:
    anna, berta = await world.page("anna"), await world.page("berta")
    await (await world.kiosk("Seven")).call()
    waiter = await anna.sees_waiting("Seven")

    await anna.order("answer", id=waiter["id"])
    await berta.until(
        lambda page: [
            one
            for one in page.state["waiting"]
            if one["answeredBy"] == "Anna Meier" and not one["answerable"]
        ],
        "saw that Anna answers",
    )


async def test_the_agent_hangs_up_and_the_kiosk_hears_it(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await kiosk.told(PeerJoined)

    await anna.order("hang_up")
    await anna.hears("ended")

    (left,) = await kiosk.told(PeerLeft)
    assert left.hung_up


async def test_hanging_up_on_a_kiosk_from_the_line_ends_its_room(
    world: DeskWorld,
) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven", "service")
    async with asyncio.TaskGroup() as group:
        group.create_task(kiosk.call())
        await anna.answer("Seven")
        await anna.in_stage("in_call")

    await anna.order("hang_up")

    (closed,) = await kiosk.told(RoomClosed)
    assert closed.room_ended


async def test_the_kiosk_hangs_up_and_the_agent_is_told(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")

    await kiosk.service.leave()
    ended = await anna.hears("ended")

    assert ended["why"] == "kiosk_hung_up"
    await anna.until(lambda page: page.state["call"] is None, "was free again")


async def test_texts_go_both_ways(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")

    await anna.order("say", text="Good morning")
    (said,) = await kiosk.told(TextReceived)
    await kiosk.service.send_text("Grüezi 您好")
    heard = await anna.hears("text")

    assert (said.name, said.text) == ("Anna Meier", "Good morning")
    assert (heard["name"], heard["text"]) == ("Seven", "Grüezi 您好")
    assert (await anna.hears("sent"))["text"] == "Good morning"


async def test_a_muted_kiosk_is_seen_to_be_and_no_text(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")

    await kiosk.service.send_text("microphone off", "muted")
    await anna.until(lambda page: page.state["call"]["kioskMuted"], "saw it muted")
    await kiosk.service.send_text("microphone on", "unmuted")
    await anna.until(
        lambda page: not page.state["call"]["kioskMuted"], "saw it unmuted"
    )

    assert not [note for note in anna.notes if note["say"] == "text"]


async def test_an_agent_who_mutes_tells_the_kiosk(world: DeskWorld) -> None:
    anna, kiosk = await world.page("anna"), await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")

    await anna.order("mute", muted=True, text="Microphone off")
    await anna.until(lambda page: page.state["call"]["muted"], "was muted")

    (said,) = await kiosk.told(TextReceived)
    assert (said.text, said.cmd) == ("Microphone off", "muted")


async def test_a_call_goes_on_with_another_agent_and_the_kiosk_only_sees_it_move(
    world: DeskWorld,
) -> None:
    anna, berta = await world.page("anna"), await world.page("berta")
    kiosk = await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")
    (joined,) = await kiosk.told(PeerJoined)

    await anna.order("hand_over", to="berta")
    await berta.until(lambda page: page.state["offer"], "was offered a call")
    await berta.order("take")
    await berta.begin_media()
    await berta.in_stage("in_call")
    passed = await anna.hears("handed_over")

    (moved,) = await kiosk.told(PeerMoved)
    assert moved.peer.user_id == joined.peer.user_id
    assert moved.peer.name == "Berta Roth"
    assert passed["name"] == "Berta Roth"
    assert not [one for one in kiosk.notices if isinstance(one, PeerLeft)]
    await anna.until(lambda page: page.state["call"] is None, "was free")
    assert len(world.carrying.ended) == 1

    await berta.order("say", text="Hello, Berta here")
    (said,) = await kiosk.told(TextReceived)
    assert said.text == "Hello, Berta here"


async def test_operators_see_how_many_agents_there_are(world: DeskWorld) -> None:
    anna = await world.page("anna")
    await world.page("berta")
    await (await world.kiosk("Seven")).call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")

    async with httpx.AsyncClient(base_url=world.at.http_url) as client:
        told = (await client.get("/metrics")).text
    assert "\nkiosk_desk_agents_here 2\n" in told
    assert "\nkiosk_desk_agents_in_call 1\n" in told
    assert "\nkiosk_desk_pages 0\n" in told
