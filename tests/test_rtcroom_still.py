"""A program asks for a still picture, and fetches it once a member says it is there."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.rtcroom import OnStill, RTCRoom, RTCRoomError, StillWord
from tests.fakes.paper_media import PaperMedia
from tests.fakes.room_world import RoomWorld, settle


JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 400


async def test_a_program_hears_the_answers_and_fetches_the_still() -> None:
    world = RoomWorld()
    agent, _ = world.service("anna")
    async with (
        world.party("kiosk", "d1") as kiosk,
        RTCRoom(agent, PaperMedia()) as anna,
    ):
        await anna.create_room("desk", "d1")
        await kiosk.enter()
        await settle()
        with pytest.raises(RTCRoomError, match="no still"):
            await anna.still_of("kiosk")

        await anna.ask_still()
        await settle()
        assert StillWord.ASKED.value in str(kiosk.told[-1])
        await kiosk.service.send_still(JPEG)
        await kiosk.service.send_text("there", StillWord.SENT.value)
        async with asyncio.timeout(5):
            heard = await anna.wait_for(OnStill)

        assert heard == OnStill("d1", "kiosk", StillWord.SENT)
        assert await anna.still_of("kiosk") == JPEG
