"""What goes otherwise at the desk: declined, late, away, lost, in another order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from kiosk.agentdesk.call_values import Patience
from kiosk.agentdesk.desk import DeskTimes
from kiosk.errors import RoomError
from kiosk.ports import PeerJoined, PeerLeft, PeerMoved
from kiosk.room.messages import RoomType
from tests.fakes.desk_world import DeskWorld, Page, PaperKiosk, desk_world


pytestmark = pytest.mark.timeout(60)

QUICK = DeskTimes(
    look_s=0.05, return_s=0.3, offer_s=0.3, patience=Patience(stream_s=0.5, kiosk_s=0.5)
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[DeskWorld]:
    async with desk_world(tmp_path) as made:
        yield made


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncGenerator[DeskWorld]:
    async with desk_world(tmp_path, times=QUICK) as made:
        yield made


async def in_call(world: DeskWorld, kiosk: PaperKiosk | None = None) -> Page:
    anna = await world.page("anna")
    kiosk = kiosk or await world.kiosk("Seven")
    await kiosk.call()
    await anna.answer("Seven")
    await anna.in_stage("in_call")
    return anna


async def offered(world: DeskWorld, anna: Page) -> Page:
    berta = await world.page("berta")
    await anna.until(lambda page: page.state["agents"], "saw Berta")
    await anna.order("hand_over", to="berta")
    await berta.until(lambda page: page.state["offer"], "was offered a call")
    return berta


async def test_a_call_that_is_declined_stays_where_it_is(world: DeskWorld) -> None:
    anna = await in_call(world)
    berta = await offered(world, anna)
    await anna.until(
        lambda page: page.state["call"]["passingTo"] == "Berta Roth",
        "saw whom it asked",
    )

    await berta.order("decline")
    declined = await anna.hears("declined")

    assert declined["name"] == "Berta Roth"
    await anna.until(lambda page: not page.state["call"]["passingTo"], "kept the call")
    await berta.until(lambda page: page.state["offer"] is None, "was free")


async def test_an_offer_nobody_answers_is_withdrawn(hasty: DeskWorld) -> None:
    anna = await in_call(hasty)
    berta = await offered(hasty, anna)

    await anna.hears("declined")
    await berta.until(lambda page: page.state["offer"] is None, "was free")


async def test_who_began_to_take_a_call_over_can_step_back(world: DeskWorld) -> None:
    kiosk = await world.kiosk("Seven")
    anna = await in_call(world, kiosk)
    berta = await offered(world, anna)
    world.carrying.publishes = False
    await berta.order("take")
    await berta.begin_media()
    await berta.in_stage("connecting")

    await berta.order("hang_up")

    await berta.until(lambda page: page.state["call"] is None, "was free")
    assert (await anna.hears("declined"))["name"] == "Berta Roth"
    await anna.until(lambda page: not page.state["call"]["passingTo"], "kept the call")
    assert anna.state["call"]["stage"] == "in_call"
    assert not [one for one in kiosk.notices if isinstance(one, PeerMoved | PeerLeft)]


async def test_both_are_told_that_a_call_could_not_be_taken(world: DeskWorld) -> None:
    kiosk = await world.kiosk("Seven")
    anna = await in_call(world, kiosk)
    berta = await offered(world, anna)
    world.carrying.publishes = False
    await berta.order("take")
    await berta.begin_media()
    await berta.in_stage("connecting")
    share = world.carrying.begun[-1]

    with pytest.raises(RoomError):
        await share.published("rtmp://127.0.0.1/live/somebody-elses")

    assert (await anna.hears("taker_failed"))["name"] == "Berta Roth"
    assert (await berta.hears("not_taken"))["name"] == "Anna Meier"
    await berta.until(lambda page: page.state["call"] is None, "was free")
    assert anna.state["call"]["stage"] == "in_call"
    assert not [one for one in kiosk.notices if isinstance(one, PeerLeft)]


async def test_a_taker_whose_stream_does_not_come_is_given_up(hasty: DeskWorld) -> None:
    anna = await in_call(hasty)
    berta = await offered(hasty, anna)
    hasty.carrying.publishes = False
    await berta.order("take")

    await berta.hears("not_taken")
    await anna.hears("taker_failed")
    await anna.until(lambda page: not page.state["call"]["passingTo"], "kept the call")


async def test_who_was_only_asked_reads_that_the_other_hung_up(
    world: DeskWorld,
) -> None:
    anna = await in_call(world)
    berta = await offered(world, anna)

    await anna.order("hang_up")

    assert (await anna.hears("ended"))["why"] == "hung_up"
    assert (await berta.hears("hung_up"))["name"] == "Anna Meier"


async def test_a_call_is_offered_only_to_who_is_free(world: DeskWorld) -> None:
    anna, kiosk = await in_call(world), await world.kiosk("Eight")
    berta = await world.page("berta")
    await kiosk.call()
    await berta.answer("Eight")
    await berta.in_stage("in_call")

    await anna.order("hand_over", to="berta")
    await anna.order("hand_over", to="nobody")

    refusal = await anna.hears("refused")
    assert (refusal["why"], refusal["name"]) == ("not_free", "Berta Roth")


async def test_the_customer_hangs_up_while_a_call_is_offered(world: DeskWorld) -> None:
    kiosk = await world.kiosk("Seven")
    anna = await in_call(world, kiosk)
    berta = await offered(world, anna)

    await kiosk.service.leave()

    assert (await anna.hears("ended"))["why"] == "kiosk_hung_up"
    await berta.until(lambda page: page.state["offer"] is None, "was free")


async def test_a_page_that_comes_back_in_time_has_its_call_again(
    world: DeskWorld,
) -> None:
    kiosk = await world.kiosk("Seven")
    anna = await in_call(world, kiosk)

    again = await world.page("anna")
    await again.begin_media()
    await again.in_stage("in_call")

    await kiosk.told(PeerMoved)
    assert again.state["call"]["id"] == anna.state["call"]["id"]
    assert not [one for one in kiosk.notices if isinstance(one, PeerLeft)]


async def test_an_agent_who_stays_away_has_hung_up(hasty: DeskWorld) -> None:
    kiosk = await hasty.kiosk("Seven")
    anna = await in_call(hasty, kiosk)

    await anna.control.drop()

    (left,) = await kiosk.told(PeerLeft)
    assert left.hung_up


async def test_a_page_that_sends_nothing_gives_the_kiosk_back(
    hasty: DeskWorld,
) -> None:
    hasty.carrying.publishes = False
    anna = await hasty.page("anna")
    await (await hasty.kiosk("Seven")).call()
    await anna.answer("Seven")

    assert (await anna.hears("ended"))["why"] == "no_stream"
    await anna.until(
        lambda page: [one for one in page.state["waiting"] if one["answerable"]],
        "could answer it again",
    )


async def test_a_kiosk_that_left_the_line_meanwhile_is_gone(hasty: DeskWorld) -> None:
    anna, kiosk = await hasty.page("anna"), await hasty.kiosk("Seven", "service")
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(kiosk.call())
        waiter = await anna.sees_waiting("Seven")
        calling.cancel()
    await kiosk.service.leave()
    await anna.until(lambda page: page.state["waiting"] == [], "saw it leave")
    await anna.order("answer", id=waiter["id"])

    assert (await anna.hears("refused"))["why"] == "gone"


async def test_a_kiosk_that_does_not_come_for_its_seat_is_gone(
    hasty: DeskWorld,
) -> None:
    anna, kiosk = await hasty.page("anna"), await hasty.kiosk("Seven", "service")
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(kiosk.call())
        waiter = await anna.sees_waiting("Seven")
        await anna.order("answer", id=waiter["id"])
        calling.cancel()
    await kiosk.service.leave()
    await anna.begin_media()

    assert (await anna.hears("ended"))["why"] == "gone"


async def test_whom_nobody_knows_cannot_be_answered(world: DeskWorld) -> None:
    anna = await world.page("anna")
    await anna.order("answer", id="double_room/room-x/nobody")

    assert (await anna.hears("refused"))["why"] == "gone"


async def test_without_a_call_there_is_nobody_to_talk_to(world: DeskWorld) -> None:
    anna = await world.page("anna")
    for order in ({"do": "say", "text": "Hello"}, {"do": "take"}):
        await anna.control.send(order)
    await anna.order("hand_over", to="anna")
    await anna.order("hang_up")
    await anna.order("decline")
    await anna.order("here")
    await anna.order("mute", muted=False)
    await anna.until(lambda page: len(page.notes) == 3, "was refused three times")

    assert {note["why"] for note in anna.notes} == {"no_call"}


async def test_an_agent_has_one_call(world: DeskWorld) -> None:
    anna = await in_call(world)
    await (await world.kiosk("Eight")).call()
    eight = await anna.sees_waiting("Eight")

    await anna.order("answer", id=eight["id"])

    assert (await anna.hears("refused"))["why"] == "busy"


async def test_a_seat_somebody_else_took_is_taken(world: DeskWorld) -> None:
    """As where agents of another process, or another program, answer too."""
    kiosk, other = await world.kiosk("Seven"), await world.kiosk("Other", "Seven")
    anna = await world.page("anna")
    await kiosk.call()
    world.carrying.publishes = False
    await anna.answer("Seven")
    await other.call()
    (share,) = world.carrying.begun

    with pytest.raises(Exception, match="5001"):
        await share.published(await share.push_url())

    assert (await anna.hears("ended"))["why"] == "taken"


async def test_a_kiosk_of_a_multi_room_is_answered_there(world: DeskWorld) -> None:
    kiosk = await world.kiosk("Seven", room_type=RoomType.MULTI)

    await in_call(world, kiosk)

    assert (await kiosk.told(PeerJoined))[0].peer.name == "Anna Meier"


async def test_two_agents_answer_two_kiosks_of_one_line_in_their_order(
    world: DeskWorld,
) -> None:
    anna, berta = await world.page("anna"), await world.page("berta")
    first = await world.kiosk("First", "service")
    second = await world.kiosk("Second", "service")
    async with asyncio.TaskGroup() as group:
        group.create_task(first.call())
        await anna.sees_waiting("First")
        group.create_task(second.call())
        await berta.sees_waiting("Second")

        await anna.answer("First")
        await anna.in_stage("in_call")
        await berta.answer("Second")
        await berta.in_stage("in_call")

    assert (await first.told(PeerJoined))[0].peer.name == "Anna Meier"
    assert (await second.told(PeerJoined))[0].peer.name == "Berta Roth"
    assert (anna.state["call"]["kiosk"], berta.state["call"]["kiosk"]) == (
        "First",
        "Second",
    )


async def test_agents_rooms_do_not_wait_to_be_answered(world: DeskWorld) -> None:
    anna = await world.page("anna")
    kiosk = await world.kiosk("Seven", "service")
    async with asyncio.TaskGroup() as group:
        group.create_task(kiosk.call())
        await anna.answer("Seven")
        await anna.in_stage("in_call")

    await anna.until(lambda page: page.state["waiting"] == [], "saw nobody waiting")
