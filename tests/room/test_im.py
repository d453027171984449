from __future__ import annotations

import pytest

from kiosk.room import im
from kiosk.room.fields import BadRequest
from kiosk.room.im_messages import Said
from kiosk.room.wire_json import Wire


CODES = {
    "OK": 0,
    "NO_SUCH_COMMAND": 10003,
    "BAD_PARAMETER": 10004,
    "NOT_ALLOWED": 10007,
    "NO_SUCH_GROUP": 10010,
    "TOO_OFTEN": 60007,
    "NOTHING_NEW": 60008,
    "BAD_SIGNATURE": 70003,
    "TOO_LONG": 80002,
    "KICKED": 91101,
}
AROUND = im.Envelope("room", 7, 1_800_000_000)


@pytest.mark.parametrize(
    "key",
    [
        im.PollKey("room_1", 0),
        im.PollKey("live_room/desk", 12),
        im.PollKey("multi_room/desk", 3, closed=True),
    ],
)
def test_a_poll_key_comes_back_from_its_client_as_it_was(key: im.PollKey) -> None:
    assert im.PollKey.read(str(key)) == key


@pytest.mark.parametrize("text", ["", "room", "room#", "a b#1", "x/room#1", "r#1#open"])
def test_a_key_we_never_gave_out_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        im.PollKey.read(text)


@pytest.mark.parametrize(("start", "after"), [(0, 4), (9, 8)])
def test_the_first_poll_begins_where_the_key_says(start: int, after: int) -> None:
    wire: Wire = {"StartSeq": start, "HoldTime": 90, "Key": "room#4"}

    assert im.GetMessages.from_wire(wire) == im.GetMessages(
        im.PollKey("room", 4), after
    )


def test_a_group_message_is_read_whole() -> None:
    element: Wire = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
    wire: Wire = {"GroupId": "room", "From_Account": "a", "MsgBody": [element]}

    assert im.SendMessage.from_wire(wire) == im.SendMessage("room", "a", Said("hi"))


@pytest.mark.parametrize(("value", "group"), [("room", "room"), (7, "7")])
def test_a_group_may_be_named_by_text_or_number(value: object, group: str) -> None:
    assert im.group_id({"GroupId": value}) == group


@pytest.mark.parametrize("value", [None, "", "a/b", []])
def test_nothing_else_names_a_group(value: object) -> None:
    with pytest.raises(BadRequest):
        im.group_id({"GroupId": value})


def test_a_change_of_members_is_the_notice_the_clients_compare() -> None:
    notice = im.notice(AROUND, im.Report.CUSTOM)

    assert (notice["Event"], notice["From_Account"]) == (5, "@TIM#SYSTEM")
    assert notice["MsgBody"] == {
        "ReportType": 255,
        "Operator_Account": "@TIM#SYSTEM",
        "UserDefinedField": '{"cmd":"notifyPusherChange","data":""}',
    }


def test_a_tip_names_who_came() -> None:
    tip = im.tip(AROUND, im.Tip.JOINED, "b", 2)

    assert (tip["Event"], tip["From_Account"]) == (4, "@TIM#SYSTEM")
    assert tip["MsgBody"] == {
        "OpType": 1,
        "Operator_Account": "b",
        "List_Account": ["b"],
        "MemberNum": 2,
    }


def test_answers_say_whether_they_are_ok() -> None:
    heard = im.heard(im.PollKey("room", 3), 8, 25.0, [])

    assert heard == {
        "ActionStatus": "OK",
        "ErrorCode": 0,
        "ErrorInfo": "",
        "NextSeq": 8,
        "HoldTime": 25,
        "Key": "room#3",
        "RspMsgList": [],
    }
    assert im.failed(im.ImCode.NOTHING_NEW, "x") == {
        "ActionStatus": "FAIL",
        "ErrorCode": 60008,
        "ErrorInfo": "x",
    }


def test_codes_are_the_vendors() -> None:
    assert {code.name: code.value for code in im.ImCode} == CODES


def test_a_members_text_carries_its_user() -> None:
    wire = im.text_message(AROUND, "a", "Ann", "123", Said("hi"))

    assert (wire["Event"], wire["From_Account"], wire["MsgSeq"]) == (3, "a", 7)
    assert wire["ToGroupId"] == "room"
