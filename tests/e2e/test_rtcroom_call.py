"""Two programs call each other with synthetic devices, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kiosk import rtcroom
from kiosk.roomserver.service import ServerAddresses, serve
from kiosk.roomserver.settings import ServerSettings


pytestmark = pytest.mark.e2e


@asynccontextmanager
async def room_server() -> AsyncIterator[str]:
    ready: asyncio.Future[ServerAddresses] = asyncio.Future()
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve(settings, ready.set_result))
        yield (await ready).http_url
        server.cancel()


async def test_both_see_hear_and_read_each_other() -> None:
    async with (
        asyncio.timeout(30.0),
        room_server() as url,
        rtcroom.connect(url, "Anna", user_id="anna") as anna,
        rtcroom.connect(url, "Bert", user_id="bert") as bert,
    ):
        room_id = await anna.create_room("desk")
        await bert.enter_room(room_id)
        seen_by_anna = await anna.wait_for(rtcroom.OnPlayEvent)
        seen_by_bert = await bert.wait_for(rtcroom.OnPlayEvent)
        await bert.send_text("hello")
        text = await anna.wait_for(rtcroom.OnRecvRoomTextMsg)

        assert seen_by_anna.user_id == "bert"
        assert seen_by_bert.user_id == "anna"
        assert seen_by_anna.code == rtcroom.PlayCode.FIRST_PICTURE
        assert text == rtcroom.OnRecvRoomTextMsg(room_id, "bert", "Bert", "hello")


async def test_a_call_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    async with asyncio.timeout(30.0), room_server() as url:
        async with rtcroom.connect(url, "Anna") as anna:
            room_id = await anna.create_room("desk")
            async with rtcroom.connect(url, "Bert") as bert:
                await bert.enter_room(room_id)
                await bert.wait_for(rtcroom.OnPlayEvent)
                during = threading.active_count()
            await anna.wait_for(rtcroom.OnPusherQuit)

        names = [one.name for one in threading.enumerate()]
        assert during > before
        assert not [name for name in names if name in {"mic", "sender", "playout"}]
