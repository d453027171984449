"""RTCRoom for programs, with a real server's routes and media on paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from kiosk import ports
from kiosk.errors import (
    DeviceError,
    KioskError,
    RoomFull,
    StreamEnded,
    StreamRefused,
)
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtcroom import (
    ErrorCode,
    Event,
    ListedRoom,
    OnError,
    OnGetPusherList,
    OnPlayEvent,
    OnPusherJoin,
    OnPusherQuit,
    OnPushEvent,
    OnRecvRoomTextMsg,
    OnRoomClosed,
    PlayCode,
    PushCode,
    RoomType,
    RTCRoom,
    RTCRoomError,
    connect,
)
from tests.fakes.paper_media import PaperMedia
from tests.fakes.room_server import running_server
from tests.fakes.room_world import RoomWorld, Wire, no_fault, settle


class Program:
    """A program that uses RTCRoom, and what it was told so far."""

    def __init__(self, room: RTCRoom, media: PaperMedia, wire: Wire) -> None:
        self.room = room
        self.media = media
        self.wire = wire
        self.told: list[Event] = []

    async def listen(self) -> None:
        async for event in self.room.events():
            self.told.append(event)

    def codes(self) -> list[int]:
        kinds = OnPushEvent | OnPlayEvent | OnError
        return [event.code for event in self.told if isinstance(event, kinds)]


@asynccontextmanager
async def program(world: RoomWorld, user_id: str) -> AsyncIterator[Program]:
    service, wire = world.service(user_id)
    media = PaperMedia()
    async with asyncio.TaskGroup() as tasks, RTCRoom(service, media) as room:
        one = Program(room, media, wire)
        tasks.create_task(one.listen())
        yield one
        wire.fault = no_fault
        if world.app is None:
            world.start()


@asynccontextmanager
async def call(world: RoomWorld) -> AsyncIterator[tuple[Program, Program]]:
    """Two programs in one room, everything so far told."""
    async with program(world, "anna") as anna, program(world, "bert") as bert:
        await anna.room.create_room("desk", "d1")
        await bert.room.enter_room("d1")
        await settle()
        yield anna, bert


def staying() -> RoomWorld:
    return RoomWorld(ServerSettings(creator_leaves=CreatorLeaves.STAY))


async def test_the_one_who_enters_gets_the_list_and_the_other_a_join() -> None:
    async with call(RoomWorld()) as (anna, bert):
        assert anna.told[0:2] == [
            OnPushEvent(PushCode.BEGIN),
            OnGetPusherList("d1", ()),
        ]
        joined = anna.told[2]
        assert isinstance(joined, OnPusherJoin)
        assert (joined.pusher.user_id, joined.pusher.name) == ("bert", "Bert")
        listed = bert.told[1]
        assert isinstance(listed, OnGetPusherList)
        assert [peer.user_id for peer in listed.pushers] == ["anna"]
        assert len(bert.told) == 2


async def test_both_publish_before_they_join_and_play_each_other() -> None:
    async with call(RoomWorld()) as (anna, bert):
        assert anna.media.log == ["start stream", "play bert"]
        assert bert.media.log == ["start stream", "play anna"]
        assert anna.wire.routes.index("get_push_url") < anna.wire.routes.index(
            "create_room"
        )


async def test_a_text_message_arrives_with_its_sender() -> None:
    async with call(RoomWorld()) as (anna, bert):
        await anna.room.send_text("hello")
        await settle()

        assert bert.told[-1] == OnRecvRoomTextMsg("d1", "anna", "Anna", "hello")


async def test_exit_closes_the_devices_before_it_leaves() -> None:
    async with call(staying()) as (anna, bert):
        await bert.room.exit_room()
        await settle()

        assert bert.media.log[-2:] == ["pusher closed", "player closed"]
        assert anna.told[-1] == OnPusherQuit("bert")
        assert anna.media.log[-1] == "stop bert"


async def test_exit_outside_a_room_is_a_success() -> None:
    async with program(RoomWorld(), "anna") as anna:
        await anna.room.exit_room()

        assert anna.wire.routes == []


async def test_a_member_that_moved_is_played_from_its_new_url() -> None:
    async with call(RoomWorld()) as (anna, bert):
        bert.media.fact(ports.PushLost("relay gone"))
        await settle()

        assert anna.media.log[-2:] == ["play bert", "play bert"]
        assert bert.codes() == [
            PushCode.BEGIN,
            PushCode.RECONNECTING,
            PushCode.BEGIN,
        ]


async def test_a_room_its_creator_disbands_is_closed() -> None:
    async with call(RoomWorld()) as (anna, bert):
        await anna.room.exit_room()
        await settle()

        assert bert.told[-1] == OnRoomClosed("d1", "the room was closed")
        assert bert.media.log[-2:] == ["pusher closed", "player closed"]


async def test_after_a_closed_room_another_can_be_entered() -> None:
    async with call(RoomWorld()) as (anna, bert):
        await anna.room.exit_room()
        await settle()

        await bert.room.create_room("mine", "d2")

        assert len(bert.media.pushers) == 2


async def test_the_list_names_rooms_and_members() -> None:
    async with call(RoomWorld()) as (anna, _):
        (listed,) = await anna.room.get_room_list()

        assert isinstance(listed, ListedRoom)
        assert (listed.room_id, listed.room_name) == ("d1", "desk")
        assert [peer.name for peer in listed.pushers] == ["Anna", "Bert"]


async def test_a_program_chooses_the_type_of_its_rooms() -> None:
    async with (
        running_server() as (at, _),
        connect(
            at.http_url, "Anna", media=PaperMedia(), room_type=RoomType.MULTI
        ) as anna,
        connect(at.http_url, "Bert", media=PaperMedia()) as bert,
    ):
        room_id = await anna.create_room("Meeting")

        assert [room.room_id for room in await anna.get_room_list()] == [room_id]
        assert await bert.get_room_list() == ()


async def test_login_returns_our_user_id() -> None:
    async with program(RoomWorld(), "anna") as anna:
        assert await anna.room.login() == "anna"


async def test_muting_reaches_the_pusher() -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.room.mute(muted=True)
        await anna.room.create_room("desk")
        anna.room.mute(muted=True)
        anna.room.mute(muted=False)

        assert anna.media.log[1:] == ["mute", "unmute"]


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        (ports.PeerStarted("bert"), [PlayCode.FIRST_PICTURE, PlayCode.BEGIN]),
        (ports.PeerStarted("bert", with_picture=False), [PlayCode.BEGIN]),
        (ports.PeerSilent("bert"), [PlayCode.LOADING]),
        (ports.PeerResumed("bert"), [PlayCode.BEGIN]),
        (ports.PlayLost("bert", "gone"), [PlayCode.RECONNECTING]),
    ],
)
async def test_a_fact_of_the_media_is_a_numbered_event(
    fact: ports.MediaFact, codes: list[int]
) -> None:
    async with call(RoomWorld()) as (anna, _):
        before = len(anna.codes())

        anna.media.fact(fact)
        await settle()

        assert anna.codes()[before:] == codes


async def test_a_stream_that_ended_in_the_room_is_event_2006() -> None:
    async with call(RoomWorld()) as (anna, _):
        call_of_anna = anna.media.pushers[-1]
        call_of_anna.on_fact(ports.PeerSilent("bert"))
        anna.room._call._take(ports.PeerStreamLost("bert"))  # type: ignore[union-attr]
        await settle()

        assert anna.codes()[-1] == PlayCode.END == 2006


async def test_a_stream_that_stays_lost_is_error_2301_once() -> None:
    async with call(RoomWorld()) as (anna, _):
        for _ in range(5):
            anna.media.fact(ports.PlayLost("bert", "refused"))
        await settle()

        errors = [event for event in anna.told if isinstance(event, OnError)]
        assert errors == [OnError(ErrorCode.PLAY_LOST, "bert: refused")]


async def test_a_stream_that_came_back_is_counted_anew() -> None:
    async with call(RoomWorld()) as (anna, _):
        lost, back = ports.PlayLost("bert", "x"), ports.PeerResumed("bert")
        for fact in (lost, lost, back, lost, lost):
            anna.media.fact(fact)
        await settle()

        assert ErrorCode.PLAY_LOST not in anna.codes()


async def test_a_stream_about_to_be_tried_again_is_given_a_fresh_url() -> None:
    world = RoomWorld()
    async with call(world) as (anna, _):
        anna.media.fact(ports.PlayUrlUsedUp("bert"))
        anna.media.fact(ports.PlayUrlUsedUp("nobody"))
        await settle()

        assert anna.media.log[-2:] == ["play bert", "play bert"]
        assert anna.codes() == [PushCode.BEGIN]


async def test_a_peer_that_cannot_be_played_is_error_2301() -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.media.failures["play"] = [DeviceError("speaker", "hw:0", "busy")]
        await anna.room.create_room("desk", "d1")
        async with program_in(anna, "bert") as bert:
            await bert.room.enter_room("d1")
            await settle()

            assert anna.codes()[-1] == ErrorCode.PLAY_LOST == -2301


@pytest.mark.parametrize(("device", "code"), [("camera", -1301), ("microphone", -1302)])
async def test_a_capture_device_that_fails_in_a_call_ends_it(
    device: str, code: int
) -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.fact(ports.CaptureLost(device, "unplugged"))
        await settle()

        assert anna.told[-2:] == [
            OnError(code, "unplugged"),
            OnRoomClosed("d1", "unplugged"),
        ]
        assert anna.media.log[-2:] == ["pusher closed", "player closed"]


async def test_a_stream_of_ours_that_cannot_be_published_again_is_error_1307() -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.failures["republish"] = [StreamEnded("no relay")] * 3

        anna.media.fact(ports.PushLost("relay gone"))
        await settle()

        assert anna.codes()[-4:] == [1102, 1102, 1102, -1307]
        assert anna.told[-1] == OnRoomClosed("d1", "no relay")


async def test_a_stream_of_ours_lost_with_its_room_ends_the_call() -> None:
    async with call(RoomWorld()) as (anna, bert):
        await anna.room.exit_room()
        bert.media.fact(ports.PushLost("cut"))
        await settle()

        assert ErrorCode.PUSH_LOST not in bert.codes()
        assert isinstance(bert.told[-1], OnRoomClosed)


async def test_exit_does_not_wait_for_a_reconnection() -> None:
    async with call(RoomWorld()) as (anna, _):
        anna.media.blocked["republish"] = asyncio.Event()
        anna.media.failures["republish"] = [StreamEnded("closed")] * 3
        anna.media.fact(ports.PushLost("relay gone"))
        await settle()

        await anna.room.exit_room()
        anna.media.blocked["republish"].set()
        await settle()

        assert anna.media.log.count("republish") == 1
        assert not any(isinstance(event, OnRoomClosed) for event in anna.told)


async def test_leaving_while_publishing_never_enters_the_room() -> None:
    async with program(RoomWorld(), "anna") as anna:
        anna.media.blocked["start"] = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            entering = tasks.create_task(outcome(anna.room.create_room("desk")))
            await settle()
            await anna.room.exit_room()
            anna.media.blocked["start"].set()

        assert isinstance(entering.result(), RTCRoomError)
        assert "create_room" not in anna.wire.routes


async def test_leaving_while_entering_gives_the_seat_back() -> None:
    world = RoomWorld()
    async with program(world, "anna") as anna:
        leaving: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as tasks:

            def leave_now(request: httpx.Request) -> httpx.Response | None:
                if request.url.path.endswith("create_room") and not leaving:
                    leaving.append(tasks.create_task(anna.room.exit_room()))
                return None

            anna.wire.fault = leave_now
            entering = tasks.create_task(outcome(anna.room.create_room("desk", "d1")))

        assert isinstance(entering.result(), RTCRoomError)
        assert await anna.room.get_room_list() == ()


async def outcome(awaitable: object) -> object:
    try:
        return await awaitable  # type: ignore[misc]
    except RTCRoomError as error:
        return error


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


@asynccontextmanager
async def program_in(other: Program, user_id: str) -> AsyncIterator[Program]:
    async with program(other.wire.world, user_id) as one:
        yield one


def answering(
    route: str, body: bytes
) -> Callable[[httpx.Request], httpx.Response | None]:
    def fault(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(route):
            return None
        return httpx.Response(200, stream=httpx.ByteStream(body))

    return fault
