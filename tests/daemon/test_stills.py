"""A still between two daemons: asked in words, taken by a key, answered in any case."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

from kiosk.call.states import State
from kiosk.errors import ControlError, DeviceError, RoomError, RoomUnreachable
from kiosk.ports import Peer, PeerJoined, PeerLeft, StillScene, TextReceived
from kiosk.room.still_requests import StillWord
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT


ANNA = Peer("anna", "Anna", "rtmp://127.0.0.1/live/anna")


def hear(kiosk: RunningKiosk, word: StillWord, peer: Peer = AGENT) -> None:
    told = TextReceived(peer.user_id, peer.name, "some words", word.value)
    kiosk.world.room.tell(told)


async def asked(kiosk: RunningKiosk) -> None:
    await kiosk.talk()
    hear(kiosk, StillWord.ASKED)
    await until_scene(kiosk, StillScene.ASKED)


async def until_scene(kiosk: RunningKiosk, scene: StillScene) -> None:
    screens = kiosk.world.screens
    await kiosk.until(lambda: screens.facts.still is scene, scene.value)


async def outcome(asking: Coroutine[object, object, bytes]) -> bytes | str:
    """Return the still, or why there is none."""
    try:
        return await asking
    except ControlError as error:
        return str(error)


def answers(kiosk: RunningKiosk) -> list[str]:
    said = kiosk.world.room.said
    return [one.split()[-1] for one in said if one.startswith("send_text still_")]


async def told(kiosk: RunningKiosk, *words: StillWord) -> None:
    wanted = [word.value for word in words]
    await kiosk.until(lambda: answers(kiosk) == wanted, str(wanted))


async def test_the_question_is_shown_with_the_name_and_nothing_is_taken() -> None:
    async with running_kiosk() as kiosk:
        await asked(kiosk)
        await asyncio.sleep(0.02)

        assert kiosk.world.screens.facts.asked_by == AGENT.name
        assert kiosk.world.screens.facts.text == ""
        assert "still" not in kiosk.world.media.said
        assert kiosk.daemon.status()["still"] == "asked"


async def test_the_call_key_takes_it_leaves_it_in_the_room_and_says_so() -> None:
    async with running_kiosk() as kiosk:
        await asked(kiosk)
        kiosk.daemon.press("call")
        await told(kiosk, StillWord.AGREED, StillWord.SENT)
        await until_scene(kiosk, StillScene.NONE)

        said = kiosk.world.room.said
        sent = "send_text still_sent still_sent"
        assert kiosk.world.media.said.count("still") == 1
        assert said.index("send_still 9") < said.index(sent)
        assert kiosk.state == State.IN_CALL.name


async def test_the_mute_key_says_no_without_muting() -> None:
    async with running_kiosk() as kiosk:
        await asked(kiosk)
        kiosk.daemon.press("mute")
        await told(kiosk, StillWord.REFUSED)
        await until_scene(kiosk, StillScene.NONE)

        assert not kiosk.world.screens.facts.muted
        assert "still" not in kiosk.world.media.said


async def test_no_key_in_time_is_told() -> None:
    async with running_kiosk(still=0.02) as kiosk:
        await kiosk.talk()
        hear(kiosk, StillWord.ASKED)
        await told(kiosk, StillWord.UNANSWERED)

        assert "still" not in kiosk.world.media.said


async def test_hanging_up_over_the_question_closes_the_camera_then_answers() -> None:
    async with running_kiosk() as kiosk:
        await asked(kiosk)
        kiosk.daemon.press("hangup")
        await kiosk.until(lambda: "leave" in kiosk.world.room.said, "left")

        said = kiosk.world.room.said
        assert answers(kiosk) == [StillWord.INTERRUPTED.value]
        told_at = said.index("send_text still_interrupted still_interrupted")
        assert told_at < said.index("leave")
        assert kiosk.world.media.said[-2:] == ["camera closed", "player closed"]
        assert "still" not in kiosk.world.media.said


async def test_a_question_at_the_wrong_time_is_answered_at_once() -> None:
    async with running_kiosk() as kiosk:
        await asked(kiosk)
        hear(kiosk, StillWord.ASKED)
        await told(kiosk, StillWord.BUSY)
        kiosk.daemon.press("mute")

        await told(kiosk, StillWord.BUSY, StillWord.REFUSED)


@pytest.mark.parametrize("failing", ["camera", "room"])
async def test_a_still_that_fails_is_told_and_the_call_goes_on(failing: str) -> None:
    world = KioskWorld()
    if failing == "camera":
        world.media.still_errors.append(DeviceError("camera", "csi:0", "no still"))
    else:
        world.room.fail("send_still 9", RoomUnreachable("no answer"))
    async with running_kiosk(world) as kiosk:
        await asked(kiosk)
        kiosk.daemon.press("call")
        await told(kiosk, StillWord.AGREED, StillWord.FAILED)
        await until_scene(kiosk, StillScene.NONE)

        assert kiosk.state == State.IN_CALL.name


async def test_whoever_asks_is_given_what_was_sent() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await kiosk.talk()
        kiosk.world.room.stills[AGENT.user_id] = b"\xff\xd8\xff theirs"
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        hear(kiosk, StillWord.AGREED)
        hear(kiosk, StillWord.SENT)

        assert await asking == b"\xff\xd8\xff theirs"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (StillWord.REFUSED, "refused"),
        (StillWord.UNANSWERED, "nobody pressed a key"),
        (StillWord.BUSY, "cannot be asked now"),
        (StillWord.INTERRUPTED, "interrupted"),
        (StillWord.FAILED, "could not be taken or sent"),
    ],
)
async def test_whoever_asks_hears_why_there_is_none(
    word: StillWord, reason: str
) -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await kiosk.talk()
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        hear(kiosk, word)

        assert reason in str(await asking)


async def test_whoever_asks_hears_that_the_other_side_left() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await kiosk.talk()
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))

        assert "left" in str(await asking)


async def asked_of_two(kiosk: RunningKiosk) -> None:
    await kiosk.talk()
    kiosk.world.room.tell(PeerJoined(ANNA))
    await asyncio.sleep(0)


async def test_one_no_among_several_leaves_the_others_to_answer() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await asked_of_two(kiosk)
        kiosk.world.room.stills[ANNA.user_id] = b"\xff\xd8\xff Anna"
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        hear(kiosk, StillWord.AGREED, ANNA)
        hear(kiosk, StillWord.BUSY)
        await asyncio.sleep(0.02)
        hear(kiosk, StillWord.SENT, ANNA)

        assert await asking == b"\xff\xd8\xff Anna"


async def test_when_all_said_no_or_left_each_reason_is_told() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await asked_of_two(kiosk)
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        hear(kiosk, StillWord.REFUSED)
        kiosk.world.room.tell(PeerLeft(ANNA.user_id))

        said = "no still: the other side refused; the other side left"
        assert await asking == said


async def test_hanging_up_ends_our_own_question_at_once() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await kiosk.talk()
        kiosk.world.media.close_s = 1.0  # nothing of the call need be closed for it
        asking = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)
        hear(kiosk, StillWord.AGREED)
        kiosk.daemon.press("hangup")
        await kiosk.until(asking.done, "answered")

        assert asking.result() == "no still: the call ended here"
        assert "camera closed" not in kiosk.world.media.said


async def test_outside_a_call_there_is_nobody_to_ask() -> None:
    async with running_kiosk() as kiosk:
        with pytest.raises(RoomError, match="nobody"):
            await kiosk.daemon.ask_still()
        await kiosk.wait_in_room()
        with pytest.raises(ControlError, match="nobody"):
            await kiosk.daemon.ask_still()


async def test_one_question_at_a_time_is_asked() -> None:
    async with running_kiosk() as kiosk, asyncio.TaskGroup() as group:
        await kiosk.talk()
        first = group.create_task(outcome(kiosk.daemon.ask_still()))
        await told(kiosk, StillWord.ASKED)

        assert "already" in str(await outcome(kiosk.daemon.ask_still()))
        hear(kiosk, StillWord.REFUSED)
        assert "refused" in str(await first)
