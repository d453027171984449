"""Every message of RTCRoom beside its golden text: a changed wire name fails here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.room import messages as msg


GOLDEN: dict[str, dict[str, msg.Wire]] = json.loads(
    Path(__file__).with_name("room_messages.json").read_text("utf-8")
)
PUSH = "rtmp://h/live/s_x?bizid=1&txSecret=0&txTime=6B49D200"
ACCOUNT = msg.Account("alice", 1400012345, "12345", "sig")
SEAT = msg.Seated(4, 9, 7.0)
ROOM = msg.Room(
    "r", "柜台 1", "alice", (msg.Member("alice", "A", "123", PUSH),), "", "{}", 9
)

REQUESTS: dict[str, msg.Request[object]] = {
    "login": msg.Login("1400012345", "12345", "alice", "sig"),
    "logout": msg.Logout(),
    "get_login_info": msg.GetLoginInfo("alice"),
    "get_login_info, any": msg.GetLoginInfo(),
    "get_im_login_info": msg.GetImLoginInfo("kiosk"),
    "get_push_url": msg.GetPushUrl("alice"),
    "get_push_url, room": msg.GetPushUrl("alice", "r"),
    "get_push_url, tickets": msg.GetPushUrl("alice", "r", tickets=True),
    "create_room, v1": msg.CreateRoom("alice", "柜台 1", "", "A", "123", PUSH),
    "create_room, v2": msg.CreateRoom("alice", "柜台 1", "r"),
    "add_pusher": msg.AddPusher("r", "alice", "A", PUSH),
    "add_pusher, label": msg.AddPusher("r", "alice", "A", PUSH, "123", "柜台 1"),
    "delete_pusher": msg.DeletePusher("r", "alice"),
    "delete_pusher, epoch": msg.DeletePusher("r", "alice", 4),
    "destroy_room": msg.DestroyRoom("r", "alice"),
    "pusher_heartbeat": msg.PusherHeartbeat("r", "alice"),
    "pusher_heartbeat, epoch": msg.PusherHeartbeat("r", "alice", 4),
    "get_pushers": msg.GetPushers("r"),
    "get_pushers, tickets": msg.GetPushers("r", tickets=True),
    "get_room_list": msg.GetRoomList(20, 0),
    "get_room_list, tickets": msg.GetRoomList(20, 0, tickets=True),
    "wait_events": msg.WaitEvents("r", "alice", 9, 25.0),
    "send_room_text_msg": msg.SendRoomTextMsg("r", "alice", "hello\nworld"),
    "get_custom_info": msg.GetCustomInfo("r"),
    "set_custom_field": msg.SetCustomField("r", "likes", msg.FieldChange.INCREASE),
    "set_custom_field, set": msg.SetCustomField("r", "likes", msg.FieldChange.SET, 7),
    "add_audience": msg.AddAudience("r", "alice", "A"),
    "delete_audience": msg.DeleteAudience("r", "alice"),
    "get_audiences": msg.GetAudiences("r"),
    "merge_stream": msg.MergeStream("r", "alice", {"timestamp": 1}),
    "put_still": msg.PutStill("r", "alice", msg.StillPart(9, 3, b"\xff\xd8\xff")),
    "get_still": msg.GetStill("r", "bob", "alice", 3),
}
READERS = {
    "login": msg.Login.from_wire,
    "get_login_info": msg.GetLoginInfo.from_wire,
    "get_im_login_info": msg.GetImLoginInfo.from_wire,
    "get_push_url": msg.GetPushUrl.from_wire,
    "create_room": msg.CreateRoom.from_wire,
    "add_pusher": msg.AddPusher.from_wire,
    "delete_pusher": msg.DeletePusher.from_wire,
    "destroy_room": msg.DestroyRoom.from_wire,
    "pusher_heartbeat": msg.PusherHeartbeat.from_wire,
    "get_pushers": msg.GetPushers.from_wire,
    "get_room_list": msg.GetRoomList.from_wire,
    "wait_events": msg.WaitEvents.from_wire,
    "send_room_text_msg": msg.SendRoomTextMsg.from_wire,
    "get_custom_info": msg.GetCustomInfo.from_wire,
    "set_custom_field": msg.SetCustomField.from_wire,
    "add_audience": msg.AddAudience.from_wire,
    "delete_audience": msg.DeleteAudience.from_wire,
    "get_audiences": msg.GetAudiences.from_wire,
    "merge_stream": msg.MergeStream.from_wire,
    "put_still": msg.PutStill.from_wire,
    "get_still": msg.GetStill.from_wire,
}
EVENT = msg.EventKind
ANSWERS: dict[str, tuple[msg.Request[object], object]] = {
    "logout": (msg.Logout(), msg.Done()),
    "login, v1": (REQUESTS["login"], msg.LoggedIn("alice", "t", ACCOUNT)),
    "login, v2": (REQUESTS["login"], msg.LoggedIn("alice", "t")),
    "get_login_info": (REQUESTS["get_login_info"], ACCOUNT),
    "get_login_info, ours": (
        REQUESTS["get_login_info"],
        replace(ACCOUNT, bearer=True, tickets=True, request_ids=True),
    ),
    "get_im_login_info": (REQUESTS["get_im_login_info"], ACCOUNT),
    "get_push_url": (REQUESTS["get_push_url"], msg.PushUrl(PUSH)),
    "create_room": (REQUESTS["create_room, v1"], msg.RoomCreated("r", SEAT)),
    "add_pusher": (REQUESTS["add_pusher"], SEAT),
    "delete_pusher": (REQUESTS["delete_pusher"], msg.Done()),
    "destroy_room": (REQUESTS["destroy_room"], msg.Done()),
    "pusher_heartbeat": (REQUESTS["pusher_heartbeat"], SEAT),
    "get_pushers": (REQUESTS["get_pushers"], ROOM),
    "get_room_list, live": (
        REQUESTS["get_room_list"],
        msg.RoomList((replace(ROOM, audience_count=2),)),
    ),
    "get_custom_info": (REQUESTS["get_custom_info"], msg.CustomFields('{"likes":1}')),
    "set_custom_field": (REQUESTS["set_custom_field"], msg.CustomFields("{}")),
    "add_audience": (REQUESTS["add_audience"], msg.Done()),
    "delete_audience": (REQUESTS["delete_audience"], msg.Done()),
    "get_audiences": (
        REQUESTS["get_audiences"],
        msg.Audience(1, (msg.Watcher("alice", "A"),)),
    ),
    "merge_stream": (REQUESTS["merge_stream"], msg.Mixed({"code": 0})),
    "put_still": (REQUESTS["put_still"], msg.Done()),
    "get_still": (REQUESTS["get_still"], msg.StillPart(9, 3, b"\xff\xd8\xff")),
    "get_room_list": (REQUESTS["get_room_list"], msg.RoomList((ROOM,))),
    "wait_events": (
        REQUESTS["wait_events"],
        msg.Events(
            (
                msg.RoomEvent(10, EVENT.PUSHERS_CHANGED, "bob", 10),
                msg.RoomEvent(11, EVENT.TEXT, "bob", 10, "hello"),
                msg.RoomEvent(12, EVENT.ROOM_CLOSED),
            ),
            12,
            "0123456789abcdef",
            resync=True,
        ),
    ),
    "send_room_text_msg": (REQUESTS["send_room_text_msg"], msg.Done()),
}


def written(room: msg.Room) -> bytes:
    """Return the fields of a room as a server writes them."""
    nobody_plays = tuple(replace(one, play_url="") for one in room.members)
    text = msg.RoomText(replace(room, members=nobody_plays))
    return text.fields([one.play_url for one in room.members])


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_written_as_its_golden_text(name: str) -> None:
    assert REQUESTS[name].to_wire() == GOLDEN["requests"][name]


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "logout"])
def test_a_request_is_read_back_from_its_golden_text(name: str) -> None:
    read = READERS[name.partition(",")[0]]

    assert read(GOLDEN["requests"][name]) == REQUESTS[name]


@pytest.mark.parametrize(
    "name",
    [name for name, (_, one) in ANSWERS.items() if not isinstance(one, msg.RoomList)],
)
def test_an_answer_is_written_as_its_golden_text(name: str) -> None:
    answer = ANSWERS[name][1]

    assert hasattr(answer, "to_wire")
    assert msg.success(answer.to_wire()) == GOLDEN["answers"][name]


@pytest.mark.parametrize("name", ["get_room_list", "get_room_list, live"])
def test_a_list_of_rooms_is_written_as_its_golden_text(name: str) -> None:
    listed = ANSWERS[name][1]

    assert isinstance(listed, msg.RoomList)
    text = msg.success_text(msg.list_fields(map(written, listed.rooms)))
    assert msg.parse_json(text) == GOLDEN["answers"][name]


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_back_from_its_golden_text(name: str) -> None:
    request, answer = ANSWERS[name]

    assert msg.read_answer(request, msg.dump_json(GOLDEN["answers"][name])) == answer


def test_credentials_are_the_query_of_every_later_call() -> None:
    assert msg.Credentials("alice", "t").to_query() == GOLDEN["requests"]["query"]


def test_a_server_of_ours_takes_secrets_in_a_header_and_leaves_the_query_harmless() -> (
    None
):
    token = msg.Credentials("alice", "t", bearer=True)
    login = msg.Login("1400012345", "12345", "alice", proof=msg.Bearer("sig"))

    assert token.to_query() == {"userID": "alice"}
    assert msg.Bearer("sig").to_query() == {}
    assert token.to_headers() == {"Authorization": "Bearer t"}
    assert login.to_wire() == GOLDEN["requests"]["login, bearer"]


def test_refusals_have_the_originals_two_shapes() -> None:
    assert msg.failure(msg.RoomCode.ROOM_FULL, "full") == GOLDEN["answers"]["refusal"]
    assert msg.exception("boom") == GOLDEN["answers"]["exception"]
