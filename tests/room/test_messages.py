from __future__ import annotations

import dataclasses

import pytest

from kiosk.errors import (
    LoginRefused,
    NotAMember,
    RoomFull,
    RoomNotFound,
    RoomProtocolError,
    RoomRefused,
)
from kiosk.room import messages as msg


def body(**fields: object) -> bytes:
    return msg.dump_json({"code": 0, "message": "ok", **fields})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (5001, RoomFull),
        (3, RoomNotFound),
        (5, NotAMember),
        (7, LoginRefused),
        (-1, RoomRefused),
        (1, RoomRefused),
        (2, RoomRefused),
        (4, RoomRefused),
        (6, RoomRefused),
        (10, RoomRefused),
        (11, RoomRefused),
        (12345, RoomRefused),
    ],
)
def test_every_code_but_0_is_an_error_of_its_own_kind(
    code: int, error: type[RoomRefused]
) -> None:
    with pytest.raises(RoomRefused) as caught:
        msg.read_answer(msg.GetPushers("r"), body(code=code, message="nein"))

    assert type(caught.value) is error
    assert caught.value.room_code == code
    assert str(caught.value) == f"get_pushers: code {code}: nein"


def test_a_refusals_text_is_cut_and_printable() -> None:
    answer = b'{"code":-1,"error":"a\\u001b[2J' + b"x" * 500 + b'"}'

    with pytest.raises(RoomRefused) as caught:
        msg.read_answer(msg.Logout(), answer)

    assert str(caught.value).startswith("logout: code -1: a?[2Jx")
    assert len(str(caught.value)) < 300


def test_a_refusal_without_a_text_says_so() -> None:
    with pytest.raises(RoomRefused, match="no message"):
        msg.read_answer(msg.Logout(), b'{"code":6,"message":5}')


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"<html>", "not JSON"),
        (b"{}", "code: is missing"),
        (b'{"code":false}', "code: must be a whole number"),
        (b'{"code":"0"}', "code: must be a whole number"),
        (b'{"code":0,"message":""}', "pushers: is missing"),
        (body(pushers=[{}]), "userID: is missing"),
        (body(pushers=[{"userID": 5}]), "userID: must be text"),
        (body(pushers=[{"userID": "u"}] * 65), "pushers: has more than 64"),
    ],
)
def test_an_answer_that_makes_no_sense_names_the_field(
    answer: bytes, cause: str
) -> None:
    with pytest.raises(RoomProtocolError, match=f"get_pushers: .*{cause}"):
        msg.read_answer(msg.GetPushers("r"), answer)


def test_a_route_the_server_does_not_know_is_told_from_success() -> None:
    with pytest.raises(msg.RouteUnknown):
        msg.read_answer(msg.SendRoomTextMsg("r", "u", "hi"), b'{"code":0,"data":{}}')


def test_a_v1_member_list_is_enough() -> None:
    room = msg.read_answer(msg.GetPushers("r"), body(pushers=[{"userID": "u"}]))

    assert room == msg.Room("", "", "", (msg.Member("u", "", "", ""),))


def test_the_label_is_read_under_either_name() -> None:
    old = msg.read_answer(msg.GetPushers("r"), body(pushers=[], roomName="a"))
    new = msg.read_answer(msg.GetPushers("r"), body(pushers=[], roomInfo="b"))

    assert (old.label, new.label) == ("a", "b")


def test_a_listed_room_without_an_id_makes_no_sense() -> None:
    with pytest.raises(RoomProtocolError, match="roomID: is missing"):
        msg.read_answer(msg.GetRoomList(), body(rooms=[{"pushers": []}]))


def test_an_event_of_a_later_kind_reads_as_a_change_of_members() -> None:
    events = msg.read_answer(
        msg.WaitEvents("r", "u", 0),
        body(events=[{"seq": 1, "kind": "confetti"}], seq=1),
    )

    assert events.events == (msg.RoomEvent(1, msg.EventKind.PUSHERS_CHANGED),)


def test_an_originals_empty_answer_to_add_pusher_is_a_seat_without_numbers() -> None:
    seat = msg.read_answer(msg.AddPusher("r", "u", "n", "rtmp://h/live/s"), body())

    assert seat == msg.Seated(epoch=0, seq=0, heartbeat_s=7.0)


def test_paths_name_folder_and_route() -> None:
    assert msg.path_of(msg.GetLoginInfo()) == "/weapp/utils/get_login_info"
    assert msg.path_of(msg.GetLoginInfo(), msg.RoomType.LIVE) == (
        "/weapp/utils/get_login_info"
    )
    assert msg.path_of(msg.GetPushers("r"), msg.RoomType.MULTI) == (
        "/weapp/multi_room/get_pushers"
    )
    assert msg.path_of(msg.AddPusher("r", "u", "n", "p")) == (
        "/weapp/double_room/add_pusher"
    )


def test_no_message_shows_a_secret() -> None:
    secrets = [
        msg.Credentials("u", "SECRET"),
        msg.Login("1", "2", "u", "SECRET"),
        msg.CreateRoom("u", "r", push_url="SECRET"),
        msg.AddPusher("r", "u", "n", "SECRET"),
        msg.Account("u", 1, "2", "SECRET"),
        msg.LoggedIn("u", "SECRET"),
        msg.PushUrl("SECRET"),
        msg.Member("u", "", "", "SECRET"),
        msg.Room("r", "", "", (), mixed_play_url="SECRET"),
    ]

    assert not [value for value in secrets if "SECRET" in repr(value)]


def test_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        msg.GetPushers("r").room_id = "s"  # type: ignore[misc]


def test_a_create_request_in_v1_needs_a_push_url_and_a_name() -> None:
    v1 = msg.Dialect.V1
    whole = msg.CreateRoom("u", "label", "", "n", "123", "rtmp://h/live/s").to_wire()
    for name in ("userID", "roomName", "userName", "userAvatar", "pushURL"):
        without = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(msg.BadRequest, match=f"{name}: is missing"):
            msg.CreateRoom.from_wire(without, v1)


def test_a_v1_room_may_be_labelled_by_the_newer_name() -> None:
    wire = msg.CreateRoom("u", "x", "", "n", "123", "rtmp://h/live/s").to_wire()
    wire["roomInfo"] = wire.pop("roomName")

    assert msg.CreateRoom.from_wire(wire, msg.Dialect.V1).label == "x"


def test_a_room_that_is_opened_again_says_whose_it_was() -> None:
    again = msg.CreateRoom("u", "x", "r1", creator="agent")

    assert again.to_wire()["roomCreator"] == "agent"
    assert msg.CreateRoom.from_wire(again.to_wire()) == again
    with pytest.raises(msg.BadRequest, match="roomCreator"):
        msg.CreateRoom.from_wire(again.to_wire() | {"roomCreator": 7})


def test_a_label_over_1024_bytes_has_its_own_code() -> None:
    with pytest.raises(msg.BadRequest) as caught:
        msg.CreateRoom.from_wire({"userID": "u", "roomInfo": "x" * 1025})

    assert caught.value.code is msg.RoomCode.LABEL_TOO_LONG


@pytest.mark.parametrize("text", ["", "x" * 1025, "a\x1b[2J", "a\x7f", "a\x85"])
def test_a_text_message_is_short_and_printable(text: str) -> None:
    with pytest.raises(msg.BadRequest, match=r"^text: "):
        msg.SendRoomTextMsg.from_wire({"roomID": "r", "userID": "u", "text": text})


def test_a_hold_is_cut_to_the_longest_allowed() -> None:
    wire = msg.WaitEvents("r", "u", 3, 1000.0).to_wire()

    assert msg.WaitEvents.from_wire(wire).hold_s == msg.MAX_HOLD_S


def test_texts_differ_by_dialect_and_route() -> None:
    v2 = msg.Dialect.V2

    assert msg.text_of(msg.RoomCode.BAD_PARAMETER) == "请求参数错误"
    assert msg.text_of(msg.RoomCode.BAD_PARAMETER, dialect=v2) == "参数不全"
    assert msg.text_of(msg.RoomCode.NO_SUCH_ROOM, "destroy_room", v2).startswith("不是")
    for code in msg.RoomCode:
        assert msg.text_of(code)
        assert msg.text_of(code, dialect=v2)


def test_a_short_hold_is_kept_under_its_name() -> None:
    asked = msg.WaitEvents("r", "u", 3, 2.0)

    assert asked.to_wire() == {
        "roomID": "r",
        "userID": "u",
        "afterSeq": 3,
        "holdS": 2.0,
    }
    assert msg.WaitEvents.from_wire(asked.to_wire()) == asked
