"""The client's side of the IM channel: every command beside its wire."""

from __future__ import annotations

from typing import cast

import pytest

from kiosk.errors import RoomProtocolError
from kiosk.room import im
from kiosk.room.answers import Account, Done
from kiosk.room.im_messages import Said
from kiosk.room.im_requests import (
    Heard,
    ImLogin,
    ImRefused,
    ImRequest,
    JoinGroup,
    ListenToGroup,
    LogIn,
    Notice,
    QuitGroup,
    SayToGroup,
    TextHeard,
    gateway_path,
    gateway_query,
    read_gateway_answer,
)
from kiosk.room.wire_json import Wire, dump_json


ACCOUNT = Account("kiosk7", 1400012345, "12345", "sig-of-kiosk7")
LISTEN = ListenToGroup("r1", 5, "r1#0#kiosk7")
AROUND = im.Envelope("r1", 7, 1_800_000_000)
CHANGED = im.notice(AROUND, im.Report.CUSTOM)
ENDED = im.notice(AROUND, im.Report.GROUP_DISBANDED)


def ok(**fields: object) -> bytes:
    return dump_json(im.accepted(**fields))


def heard(*messages: Wire) -> tuple[Heard, ...]:
    answer = ok(NextSeq=8, HoldTime=90, Key="k2", RspMsgList=list(messages))
    return read_gateway_answer(LISTEN, answer).heard


def said(user_id: str, text: str) -> Wire:
    return im.text_message(AROUND, user_id, "Anna", "123", Said(text))


@pytest.mark.parametrize(
    ("request_", "path", "wire"),
    [
        (LogIn(), "/v4/openim/login", {"State": "Online"}),
        (
            JoinGroup("r1"),
            "/v4/group_open_http_svc/apply_join_group",
            {"GroupId": "r1"},
        ),
        (
            LISTEN,
            "/v1/group_open_long_polling_http_noauth_svc/get_msg",
            {"StartSeq": 5, "HoldTime": 90, "Key": "r1#0#kiosk7"},
        ),
        (QuitGroup("r1"), "/v4/group_open_http_svc/quit_group", {"GroupId": "r1"}),
    ],
)
def test_commands_go_where_the_original_sends_them(
    request_: ImRequest[object], path: str, wire: Wire
) -> None:
    assert gateway_path(request_) == path
    assert request_.to_wire() == wire


def test_a_text_is_sent_as_the_original_sends_it() -> None:
    words = Said('hello }} "B" 你好')
    message = SayToGroup("r1", "kiosk7", "Branch 7", "123", words, 1120175876)

    assert gateway_path(message) == "/v4/group_open_http_svc/send_group_msg"
    wire = message.to_wire()
    head, text = cast("list[Wire]", wire.pop("MsgBody"))
    assert wire == {
        "GroupId": "r1",
        "From_Account": "kiosk7",
        "Random": 1120175876,
        "MsgPriority": "COMMON",
    }
    assert head["MsgType"] == "TIMCustomElem"
    assert text == {
        "MsgType": "TIMTextElem",
        "MsgContent": {"Text": "hello }} &quot;B&quot; 你好"},
    }
    assert im.SendMessage.from_wire(message.to_wire()).said == words


def test_the_query_says_who_asks_by_a_signature_first_and_by_a_key_later() -> None:
    always = {
        "websdkappid": "537048168",
        "v": "1.7.0",
        "contenttype": "json",
        "sdkappid": "1400012345",
        "accounttype": "12345",
        "apn": "1",
    }

    first = gateway_query(ACCOUNT, None)
    later = gateway_query(ACCOUNT, ImLogin("144115", "a2_1"))

    assert first == {**always, "identifier": "kiosk7", "usersig": "sig-of-kiosk7"}
    assert later == {**always, "tinyid": "144115", "a2": "a2_1"}


def test_a_login_and_a_group_are_read_from_their_answers() -> None:
    login = read_gateway_answer(LogIn(), ok(TinyId="144115", A2Key="a2_1"))
    joined = ok(JoinedStatus="JoinedSuccess", LongPollingKey="r1#0#kiosk7")

    assert login == ImLogin("144115", "a2_1")
    assert "a2_1" not in repr(login)
    assert read_gateway_answer(JoinGroup("r1"), joined) == "r1#0#kiosk7"
    assert read_gateway_answer(QuitGroup("r1"), ok()) == Done()
    text = SayToGroup("r1", "kiosk7", "Branch 7", "123", Said("hi"), 1)
    assert read_gateway_answer(text, ok(MsgTime=1, MsgSeq=101)) == Done()


def test_a_group_that_has_to_be_asked_first_is_not_joined() -> None:
    waiting = ok(JoinedStatus="WaitAdminApproval")

    with pytest.raises(RoomProtocolError, match="JoinedStatus"):
        read_gateway_answer(JoinGroup("r1"), waiting)


def test_a_poll_says_where_the_next_one_begins() -> None:
    answer = ok(NextSeq=9, HoldTime=25, Key="k2", RspMsgList=[])

    news = read_gateway_answer(LISTEN, answer)

    assert (news.next_seq, news.hold_s, news.key, news.heard) == (9, 25.0, "k2", ())


def test_a_poll_that_says_nothing_goes_on_where_it_was() -> None:
    news = read_gateway_answer(LISTEN, ok())

    assert (news.next_seq, news.hold_s, news.key) == (5, 90.0, "r1#0#kiosk7")


def test_notices_and_texts_are_heard_in_order() -> None:
    text = said("anna", 'a "word"')

    assert heard(CHANGED, text, ENDED) == (
        Notice.CHANGED,
        TextHeard("anna", Said('a "word"')),
        Notice.ENDED,
    )


@pytest.mark.parametrize(
    "strange",
    [
        im.tip(AROUND, im.Tip.JOINED, "anna", 2),
        {**CHANGED, "ToGroupId": "another"},
        {**CHANGED, "MsgBody": {"ReportType": 11}},
        {**CHANGED, "MsgBody": {"ReportType": 255, "UserDefinedField": "{"}},
        {**CHANGED, "MsgBody": {"ReportType": 255, "UserDefinedField": "{}"}},
        {**CHANGED, "MsgBody": {"ReportType": 255}},
        {**CHANGED, "MsgBody": "nothing"},
        {**said("anna", "x"), "MsgBody": []},
        {**said("anna", "x"), "MsgBody": [{"MsgType": "TIMSoundElem"}]},
        {"Event": "5"},
        {},
    ],
)
def test_what_makes_no_sense_or_is_not_ours_hides_nothing_else(strange: Wire) -> None:
    others = [
        one for one in heard(strange, CHANGED) if one != TextHeard("anna", Said(""))
    ]

    assert others == [Notice.CHANGED]


def test_a_refusal_names_command_and_code_and_no_control_character() -> None:
    answer = dump_json(im.failed(im.ImCode.NO_SUCH_GROUP, "group\nnot found"))

    with pytest.raises(ImRefused) as refused:
        read_gateway_answer(JoinGroup("r1"), answer)

    assert refused.value.im_code == im.ImCode.NO_SUCH_GROUP
    text = "IM apply_join_group: code 10010: group?not found"
    assert str(refused.value) == text


def test_a_refusal_without_a_reason_is_one() -> None:
    with pytest.raises(ImRefused, match="code 0: no reason given"):
        read_gateway_answer(LogIn(), b'{"ActionStatus":"FAIL"}')


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"ActionStatus":"OK"}'])
def test_nonsense_is_an_error_that_names_the_command(body: bytes) -> None:
    with pytest.raises(RoomProtocolError, match="IM login: "):
        read_gateway_answer(LogIn(), body)
