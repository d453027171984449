from __future__ import annotations

import asyncio

from typing_extensions import override

from kiosk import ports
from kiosk.call.states import State
from kiosk.daemon.notices import Notice
from kiosk.errors import RoomUnreachable
from kiosk.ports import ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import FakeRoom


WORDS = {notice: f"<{notice.value}>" for notice in Notice}


async def told(kiosk: RunningKiosk, notice: Notice) -> None:
    said = f"send_text <{notice.value}> {notice.value}"
    await kiosk.until(lambda: said in kiosk.world.room.said, said)


def texts(kiosk: RunningKiosk) -> list[str]:
    return [said for said in kiosk.world.room.said if said.startswith("send_text")]


async def test_the_others_read_when_the_microphone_goes_off_and_on() -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("mute")
        await told(kiosk, Notice.MUTED)
        kiosk.daemon.press("mute")

        await told(kiosk, Notice.UNMUTED)


async def test_the_others_read_of_a_broken_connection_and_of_its_return() -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.PushLost("M004 reset"))
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.IN_CALL)
        await told(kiosk, Notice.BACK)

        assert texts(kiosk) == [
            "send_text <reconnecting> reconnecting",
            "send_text <back> back",
        ]


async def test_nothing_is_told_to_an_empty_room() -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.wait_in_room()
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted")

        assert texts(kiosk) == []


async def test_a_kiosk_without_words_tells_nothing() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.screens.facts.muted, "muted")
        await asyncio.sleep(0)

        assert texts(kiosk) == []


async def test_a_notice_that_fails_is_no_failure_of_the_call() -> None:
    world = KioskWorld()
    world.room.fail("send_text <muted> muted", RoomUnreachable("no answer"))
    async with running_kiosk(world, notices=WORDS) as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("mute")
        await told(kiosk, Notice.MUTED)
        kiosk.daemon.press("mute")
        await told(kiosk, Notice.UNMUTED)

        assert kiosk.state == State.IN_CALL.name


class SilentRoom(FakeRoom):
    """Never answers a text."""

    @override
    async def send_text(self, text: str, cmd: str = "") -> None:
        await asyncio.Event().wait()


async def test_a_room_service_that_is_silent_does_not_hold_up_leaving() -> None:
    world = KioskWorld()
    world.room = SilentRoom()
    async with running_kiosk(world, notices=WORDS) as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.CaptureLost("camera", "unplugged"))
        kiosk.daemon.press("hangup")

        await kiosk.until(lambda: "leave" in world.room.said, "left")
