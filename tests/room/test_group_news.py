"""A seat whose room has its IM group in a cloud: quicker news, never other news."""

from __future__ import annotations

import pytest

from kiosk.room.im import ImCode
from kiosk.room.im_messages import Said
from kiosk.room.im_requests import Notice, TextHeard
from kiosk.room.membership import HOLD_S
from kiosk.room.messages import Seated
from kiosk.room.script import MemberJoined, SeatLost, TextArrived
from tests.fakes.group_news import QUIET, Kiosk, news, refused, with_group
from tests.fakes.room_answers import ANNA, BERT, ME, NOT_FOUND, events, room
from tests.fakes.script_player import Slow


def test_the_group_is_joined_beside_the_heartbeats_and_looked_at_once() -> None:
    service = with_group()
    Kiosk(service).live(1.0)

    assert [route for route in service.routes if route != "wait_events"] == [
        "im_login",
        "im_apply_join_group",
        "get_pushers",
        "im_get_msg",
    ]
    by_route = {asked.route: asked for asked in service.asked}
    assert by_route["im_login"].query["usersig"] == "sig-of-kiosk7"
    assert by_route["im_get_msg"].query["a2"] == "a2_1"
    assert "usersig" not in by_route["im_get_msg"].query


def test_while_the_channel_is_up_the_room_is_looked_at_now_and_then() -> None:
    service = with_group()
    Kiosk(service).live(60.0)

    looks = service.times("get_pushers")
    assert len(looks) == 1 + 60 // 8  # every 7 s would be due, 2 s apart it is 8
    assert service.routes.count("im_login") == 1


def test_a_notice_brings_a_look_at_once() -> None:
    service = with_group(
        im_get_msg=[news(Notice.CHANGED, after_s=3.3), QUIET],
        get_pushers=[room("r1", ANNA, ME), room("r1", ANNA, BERT, ME)],
    )
    Kiosk(service).live(3.4)

    assert service.times("get_pushers") == [0.0, pytest.approx(3.3)]
    assert service.facts == [MemberJoined(ANNA), MemberJoined(BERT)]


def test_polls_go_on_where_the_last_one_ended() -> None:
    service = with_group(
        im_get_msg=[news(Notice.CHANGED, seq=4), news(Notice.CHANGED, seq=9), QUIET]
    )
    Kiosk(service).live(1.0)

    polls = [one.request.to_wire() for one in service.asked if "get_msg" in one.route]
    assert [(poll["StartSeq"], poll["Key"]) for poll in polls] == [
        (0, "k0"),
        (4, "k4"),
        (9, "k9"),
    ]
    deadlines = [one.deadline_s for one in service.asked if "get_msg" in one.route]
    assert deadlines == [95.0, 35.0, 35.0]  # as long as the gateway says it holds


def test_the_end_of_the_group_is_the_end_of_the_room_if_that_is_gone() -> None:
    service = with_group(
        im_get_msg=[news(Notice.ENDED), QUIET],
        get_pushers=[room("r1", ANNA, ME), NOT_FOUND],
    )
    Kiosk(service).live(60.0)

    assert service.facts[-1] == SeatLost("the room was closed", room_ended=True)
    assert service.routes.count("im_get_msg") == 1


def test_a_group_that_ends_without_its_room_leaves_polling() -> None:
    gone = refused(ImCode.NO_SUCH_GROUP)
    service = with_group(
        im_get_msg=news(Notice.ENDED), im_apply_join_group=["k0", gone]
    )
    Kiosk(service).live(20.0)

    assert not any(isinstance(fact, SeatLost) for fact in service.facts)
    assert len(service.times("get_pushers")) >= 9


def test_the_last_words_are_told_before_the_end() -> None:
    goodbye = TextHeard("anna", Said("goodbye"))
    service = with_group(
        im_get_msg=[news(goodbye, Notice.ENDED), QUIET],
        get_pushers=[room("r1", ANNA, ME), NOT_FOUND],
    )
    Kiosk(service).live(10.0)

    assert service.facts[1:] == [
        TextArrived("anna", "Anna", "goodbye"),
        SeatLost("the room was closed", room_ended=True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        TextHeard("kiosk7", Said("our own")),
        TextHeard("anna", Said("for programs", "cmd", custom=True)),
        TextHeard("anna", Said(" ")),
        TextHeard("mallory", Said("I am not in the room")),
    ],
)
def test_texts_of_ourselves_of_programs_and_of_strangers_are_not_told(
    text: TextHeard,
) -> None:
    service = with_group(im_get_msg=[news(text), QUIET])
    Kiosk(service).live(1.0)

    assert service.facts == [MemberJoined(ANNA)]


def test_a_text_of_somebody_not_seen_yet_brings_a_look_first() -> None:
    service = with_group(
        im_get_msg=[news(TextHeard("bert", Said("hello"))), QUIET],
        get_pushers=[room("r1", ANNA, ME), room("r1", ANNA, BERT, ME)],
    )
    Kiosk(service).live(1.0)

    assert service.facts[1:] == [
        MemberJoined(BERT),
        TextArrived("bert", "bert", "hello"),
    ]


def test_a_text_of_the_group_that_a_program_said_keeps_its_mark() -> None:
    service = with_group(
        im_get_msg=[news(TextHeard("anna", Said("off", "muted"))), QUIET],
    )
    Kiosk(service).live(1.0)

    assert service.facts[1:] == [TextArrived("anna", "Anna", "off", "muted")]


def test_where_the_server_tells_events_notices_bring_no_look_but_texts_are_heard() -> (
    None
):
    service = with_group(
        wait_events=Slow(HOLD_S, events(seq=0)),
        pusher_heartbeat=Seated(),
        im_get_msg=[
            news(Notice.CHANGED, TextHeard("anna", Said("hello"))),
            news(Notice.ENDED),
            QUIET,
        ],
    )
    Kiosk(service).live(10.0)

    assert service.facts == [MemberJoined(ANNA), TextArrived("anna", "Anna", "hello")]
    assert len(service.times("get_pushers")) == 2  # each time the group was joined
