"""Every failure of a program of RTCRoom has its number, and closes what is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from kiosk import ports
from kiosk.errors import DeviceError, KioskError, RoomFull, StreamEnded, StreamRefused
from kiosk.rtcroom import (
    ErrorCode,
    OnGetPusherList,
    OnPlayEvent,
    OnPushEvent,
    PushCode,
    RTCRoom,
    RTCRoomError,
    connect,
)
from tests.fakes.paper_media import PaperMedia
from tests.fakes.room_world import RoomWorld, settle
from tests.fakes.rtcroom_program import call, outcome, program, program_in, staying


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (DeviceError("camera", "/dev/video0", "busy"), -1301),
        (DeviceError("microphone", "hw:1", "absent"), -1302),
        (StreamRefused("expired key"), 3004),
        (StreamEnded("gone"), -1307),
    ],
)
async def test_a_stream_that_does_not_begin_has_its_number(
    failure: KioskError, code: int
) -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.media.failures["start"] = [failure]

        with pytest.raises(RTCRoomError) as caught:
            await anna.room.create_room("desk")

        assert caught.value.rtc_code == code
        assert caught.value.__cause__ is failure
        assert anna.media.log[-2:] == ["pusher closed", "player closed"]
        assert "create_room" not in anna.wire.routes


async def test_a_full_room_is_5001_and_closes_the_devices() -> None:
    async with call(RoomWorld()) as (anna, _), program_in(anna, "carl") as carl:
        with pytest.raises(RTCRoomError) as caught:
            await carl.room.enter_room("d1")

        assert caught.value.rtc_code == 5001
        assert isinstance(caught.value.__cause__, RoomFull)
        assert carl.media.log == []


async def test_a_room_that_is_not_there_is_3() -> None:
    async with program(RoomWorld(), "anna") as anna:
        with pytest.raises(RTCRoomError) as caught:
            await anna.room.enter_room("nowhere")

        assert caught.value.rtc_code == 3


async def test_a_second_room_at_a_time_is_refused() -> None:
    async with call(RoomWorld()) as (anna, _):
        with pytest.raises(RTCRoomError, match="exit first"):
            await anna.room.create_room("another")


@pytest.mark.parametrize("code", [-1, 1, 2, 3, 4, 5, 6, 7, 10, 11, 5001])
async def test_every_code_of_the_server_passes_unchanged(code: int) -> None:
    async with program(RoomWorld(), "anna") as anna:
        await anna.room.login()
        answer = f'{{"code":{code},"message":"no"}}'.encode()
        anna.wire.fault = answering("create_room", answer)

        with pytest.raises(RTCRoomError) as caught:
            await anna.room.create_room("desk")

        assert caught.value.rtc_code == code


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ("get_login_info", ErrorCode.LOGIN),
        ("get_push_url", ErrorCode.CREATE_ROOM),
        ("create_room", ErrorCode.CREATE_ROOM),
        ("add_pusher", ErrorCode.CREATE_ROOM),
    ],
)
async def test_nonsense_from_the_server_has_the_number_of_the_step(
    route: str, code: int
) -> None:
    world = RoomWorld()
    async with program(world, "anna") as anna:
        anna.wire.fault = answering(route, b"<html>")
        async with asyncio.TaskGroup() as tasks:
            creating = tasks.create_task(outcome(anna.room.create_room("desk")))
            await world.pass_by(20.0)

        error = creating.result()
        assert isinstance(error, RTCRoomError)
        assert error.rtc_code == code


async def test_nonsense_when_joining_is_the_number_of_add_pusher() -> None:
    world = RoomWorld()
    async with call(staying()) as (anna, bert):
        world = anna.wire.world
        await bert.room.exit_room()
        bert.wire.fault = answering("add_pusher", b"<html>")
        async with asyncio.TaskGroup() as tasks:
            entering = tasks.create_task(outcome(bert.room.enter_room("d1")))
            await world.pass_by(20.0)

        error = entering.result()
        assert isinstance(error, RTCRoomError)
        assert error.rtc_code == ErrorCode.ADD_PUSHER


async def test_a_server_that_is_gone_is_a_timeout() -> None:
    world = RoomWorld()
    async with program(world, "anna") as anna:
        world.kill()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(outcome(anna.room.get_room_list()))
            await world.pass_by(20.0)

        error = asking.result()
        assert isinstance(error, RTCRoomError)
        assert error.rtc_code == ErrorCode.TIMEOUT == -1


async def test_texting_outside_a_room_is_5() -> None:
    async with program(RoomWorld(), "anna") as anna:
        with pytest.raises(RTCRoomError) as caught:
            await anna.room.send_text("hello")

        assert caught.value.rtc_code == 5


async def test_an_error_in_the_program_leaves_as_it_is() -> None:
    world = RoomWorld()
    service, _ = world.service("anna")
    media = PaperMedia()

    async def fail() -> None:
        async with RTCRoom(service, media) as room:
            await room.create_room("desk")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert media.log[-2:] == ["pusher closed", "player closed"]


async def test_cancelling_the_program_closes_everything() -> None:
    service, wire = RoomWorld().service("anna")
    media = PaperMedia()

    async def stay() -> None:
        async with RTCRoom(service, media) as room:
            await room.create_room("desk")
            await asyncio.sleep(60.0)

    async with asyncio.TaskGroup() as tasks:
        staying = tasks.create_task(stay())
        await settle()
        staying.cancel()

    assert staying.cancelled()
    assert media.log[-2:] == ["pusher closed", "player closed"]
    assert "delete_pusher" in wire.routes


async def test_waiting_for_one_kind_leaves_the_others() -> None:
    service, _ = RoomWorld().service("anna")
    async with RTCRoom(service, PaperMedia()) as room:
        await room.create_room("desk", "d1")

        listed = await room.wait_for(OnGetPusherList)

        assert listed == OnGetPusherList("d1", ())
        assert await anext(room.events()) == OnPushEvent(PushCode.BEGIN)


async def test_waiting_in_a_room_that_closes_ends_with_an_error() -> None:
    service, _ = RoomWorld().service("anna")
    media = PaperMedia()
    async with RTCRoom(service, media) as room:
        await room.create_room("desk", "d1")
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(outcome(room.wait_for(OnPlayEvent)))
            await settle()
            media.fact(ports.CaptureLost("camera", "unplugged"))

        error = waiting.result()
        assert isinstance(error, RTCRoomError)
        assert error.rtc_code == 3


async def test_waiting_after_the_end_is_an_error() -> None:
    service, _ = RoomWorld().service("anna")
    async with RTCRoom(service, PaperMedia()) as room:
        pass

    with pytest.raises(RTCRoomError, match="closed"):
        await room.wait_for(OnPlayEvent)


async def test_a_program_may_bring_its_own_media() -> None:
    async with connect("http://127.0.0.1:9", "Anna", media=PaperMedia()) as room:
        await room.exit_room()


def answering(
    route: str, body: bytes
) -> Callable[[httpx.Request], httpx.Response | None]:
    def fault(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(route):
            return None
        return httpx.Response(200, stream=httpx.ByteStream(body))

    return fault
