"""RTCRoom for programs, with a real server's routes and media on paper."""

from __future__ import annotations

from kiosk import ports
from kiosk.rtcroom import (
    ListedRoom,
    OnGetPusherList,
    OnPusherJoin,
    OnPusherQuit,
    OnPushEvent,
    OnRecvRoomTextMsg,
    OnRoomClosed,
    PushCode,
    RoomType,
    connect,
)
from tests.fakes.paper_media import PaperMedia
from tests.fakes.room_server import running_server
from tests.fakes.room_world import RoomWorld, settle
from tests.fakes.rtcroom_program import call, program, staying


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
