"""A room's IM group that is away, refuses, or ends: nothing is lost with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from kiosk.errors import RoomError, RoomProtocolError, RoomUnreachable
from kiosk.room.answers import ImProvider
from kiosk.room.im import ImCode
from kiosk.room.im_messages import Said
from kiosk.room.im_requests import GroupNews, ImRefused, Notice, SayToGroup
from kiosk.room.membership import HOLD_S
from kiosk.room.messages import EventKind, GetLoginInfo, Seated, SendRoomTextMsg
from kiosk.room.script import MemberJoined, MemberLeft, SeatLost
from kiosk.room.session import Place
from tests.fakes.group_news import (
    HELD_S,
    LOGIN,
    QUIET,
    Kiosk,
    news,
    refused,
    with_group,
)
from tests.fakes.room_answers import (
    ACCOUNT,
    ANNA,
    BERT,
    ME,
    NOT_FOUND,
    PUSH_URL,
    UNREACHABLE,
    event,
    events,
    room,
    v1_server,
)
from tests.fakes.script_player import Slow


def test_while_the_channel_is_down_the_room_is_looked_at_every_2_s() -> None:
    service = with_group(im_login=UNREACHABLE)
    Kiosk(service).live(20.5)

    assert service.times("get_pushers") == [2.0 * n for n in range(1, 11)]


def test_a_lost_poll_is_made_up_for_by_a_look_and_the_channel_comes_back() -> None:
    service = with_group(
        im_get_msg=[
            Slow(5.0, UNREACHABLE),
            news(Notice.CHANGED, after_s=9.25),
            QUIET,
        ],
        get_pushers=[
            room("r1", ANNA, ME),
            room("r1", ME),
            room("r1", ME),
            room("r1", BERT, ME),
        ],
    )
    Kiosk(service).live(16.0)

    # Back within a second, with a look; then as quick as before.
    assert service.facts[1:] == [MemberLeft("anna"), MemberJoined(BERT)]
    assert service.times("im_apply_join_group") == [0.0, 5.5]
    assert service.times("get_pushers")[1] == 5.5
    assert service.times("get_pushers")[-1] == 14.75
    assert service.routes.count("im_login") == 1  # the login is still good


def test_a_gateway_that_stays_away_is_asked_ever_more_rarely() -> None:
    service = with_group(im_apply_join_group=UNREACHABLE)
    Kiosk(service).live(120.0)

    times = service.times("im_apply_join_group")
    gaps = [round(b - a, 2) for a, b in pairwise(times)]
    assert gaps[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(gaps) <= 15.0


def test_a_refused_poll_logs_in_again() -> None:
    service = with_group(im_get_msg=[refused(ImCode.BAD_PARAMETER), QUIET])
    Kiosk(service).live(5.0)

    assert service.routes.count("im_login") == 2
    assert service.routes.count("get_login_info") == 0


def test_a_refused_signature_is_renewed_before_the_next_try() -> None:
    fresh = replace(ACCOUNT, user_sig="fresh")
    service = with_group(im_login=[refused(ImCode.BAD_SIGNATURE), LOGIN])
    kiosk = Kiosk(service)
    service.answer("get_login_info", fresh)
    kiosk.live(5.0)

    logins = [one.query["usersig"] for one in service.asked if one.route == "im_login"]
    assert logins == ["sig-of-kiosk7", "fresh"]
    (asked,) = (one for one in service.asked if one.route == "get_login_info")
    assert asked.request == GetLoginInfo("kiosk7")


def test_a_signature_for_somebody_else_is_not_taken() -> None:
    service = with_group(im_login=[refused(ImCode.BAD_SIGNATURE), LOGIN])
    kiosk = Kiosk(service)
    service.answer("get_login_info", replace(ACCOUNT, user_id="mallory"))
    kiosk.live(5.0)

    logins = [
        one.query["identifier"] for one in service.asked if one.route == "im_login"
    ]
    assert logins == ["kiosk7", "kiosk7"]


def test_a_v1_server_is_not_asked_for_another_signature() -> None:
    works = {
        "im_login": [refused(ImCode.BAD_SIGNATURE), LOGIN],
        "im_apply_join_group": "k0",
        "im_get_msg": QUIET,
    }
    service = v1_server(**works)
    Kiosk(service).live(5.0)

    assert service.routes.count("im_login") == 2
    assert service.routes.count("get_im_login_info") == 0


def test_who_is_kicked_out_stays_away_for_a_minute() -> None:
    service = with_group(im_get_msg=refused(ImCode.KICKED))
    Kiosk(service).live(100.0)

    assert service.times("im_login") == [0.0, 60.0]


def test_nothing_new_is_no_failure_and_no_flood() -> None:
    service = with_group(im_get_msg=refused(ImCode.NOTHING_NEW))
    Kiosk(service).live(20.0)

    assert len(service.times("im_get_msg")) == 11
    assert service.routes.count("im_apply_join_group") == 1


@pytest.mark.parametrize("error", [UNREACHABLE, NOT_FOUND, RoomProtocolError("no")])
def test_a_look_that_fails_after_a_notice_is_made_up_for(error: RoomError) -> None:
    service = with_group(
        im_get_msg=[news(Notice.CHANGED), QUIET],
        get_pushers=[room("r1", ANNA, ME), error, room("r1", ANNA, BERT, ME)],
    )
    Kiosk(service).live(9.0)

    assert service.facts[-1] == MemberJoined(BERT)


def test_texts_are_said_to_the_group_while_the_channel_is_up() -> None:
    service = with_group()
    kiosk = Kiosk(service)
    service.play(kiosk.channel.enter("r1"))
    service.asked.clear()

    service.play(kiosk.seat.send_text("hello", service.now, "muted"))

    (asked,) = service.asked
    said = Said("hello", "muted")
    message = SayToGroup("r1", "kiosk7", "Branch 7", "123", said, 2**30)
    assert asked.request == message


def test_a_text_the_group_refused_is_not_said_twice() -> None:
    service = with_group(im_send_group_msg=refused(ImCode.NOT_ALLOWED))
    kiosk = Kiosk(service)
    service.play(kiosk.channel.enter("r1"))

    with pytest.raises(ImRefused):
        service.play(kiosk.seat.send_text("hello", service.now))

    assert "send_room_text_msg" not in service.routes


def test_texts_go_by_the_room_route_while_the_channel_is_down() -> None:
    service = with_group()
    kiosk = Kiosk(service)

    service.play(kiosk.seat.send_text("hello", service.now))

    assert service.asked[-1].request == SendRoomTextMsg("r1", "kiosk7", "hello")


def test_a_text_waits_for_a_group_that_is_being_entered() -> None:
    service = with_group(im_login=Slow(1.0, LOGIN))
    kiosk = Kiosk(service)

    service.play_together(
        [kiosk.channel.enter("r1"), kiosk.seat.send_text("hello", service.now)], 3.0
    )

    assert service.routes == ["im_login", "im_apply_join_group", "im_send_group_msg"]


def test_a_text_waits_two_seconds_for_a_group_that_cannot_be_entered() -> None:
    service = with_group(im_apply_join_group=UNREACHABLE)
    kiosk = Kiosk(service)
    with pytest.raises(RoomUnreachable):
        service.play(kiosk.channel.enter("r1"))
    began = service.now

    service.play(kiosk.seat.send_text("hello", began))

    sent = service.asked[-1]
    assert sent.request == SendRoomTextMsg("r1", "kiosk7", "hello")
    assert sent.at - began == pytest.approx(2.0, abs=0.1)


def test_a_seat_lost_meanwhile_ends_the_listening() -> None:
    service = with_group(
        get_pushers=[room("r1", ANNA, ME), NOT_FOUND],
        im_get_msg=Slow(9.5, GroupNews(1, HELD_S, "k", ())),
    )
    Kiosk(service).live(60.0)

    assert service.facts[-1] == SeatLost("the room is gone")
    assert service.routes.count("im_get_msg") == 1


@pytest.mark.parametrize(
    ("provider", "is_used"),
    [("", True), (ImProvider.TENCENT.value, True), (ImProvider.LOCAL.value, False)],
)
def test_a_server_that_carries_the_channel_itself_needs_no_cloud(
    provider: str, *, is_used: bool
) -> None:
    account = replace(ACCOUNT, im_provider=provider)
    service = with_group(get_login_info=account, add_pusher=Seated())
    kiosk = Kiosk(service)

    place = Place("r1", "desk", create=False, push_url=PUSH_URL)
    seat = service.play(kiosk.session.join(place, service.now))
    service.asked.clear()
    service.play_together([kiosk.session.hear_group(seat, service.now)], 1.0)

    assert ("im_login" in service.routes) is is_used


def test_leaving_quits_the_group_after_the_seat_was_given_back() -> None:
    service = with_group()
    kiosk = Kiosk(service)
    place = Place("r1", "desk", create=False, push_url=PUSH_URL)
    service.play(kiosk.session.join(place, service.now))
    service.play(kiosk.channel.enter("r1"))
    service.asked.clear()

    service.play(kiosk.session.leave(service.now))
    service.play(kiosk.session.leave(service.now))

    assert service.routes == ["delete_pusher", "im_quit_group"]
    assert not kiosk.channel.is_up


def test_a_group_that_cannot_be_quit_is_left_alone() -> None:
    service = with_group(im_quit_group=UNREACHABLE)
    kiosk = Kiosk(service)
    service.play(kiosk.channel.enter("r1"))

    service.play(kiosk.channel.quit())

    assert service.asked[-1].deadline_s == 1.0


def test_nobody_asks_the_gateway_without_a_login() -> None:
    service = with_group()
    kiosk = Kiosk(service)
    service.play(kiosk.session.log_out(service.now))

    with pytest.raises(RoomUnreachable, match="not logged in"):
        service.play(kiosk.channel.enter("r1"))


def test_events_of_a_server_and_the_channel_tell_a_departure_once() -> None:
    left = events(event(1, EventKind.LEFT, "anna"), seq=1)
    service = with_group(
        wait_events=[Slow(0.5, left), Slow(HOLD_S, events(seq=1))],
        pusher_heartbeat=Seated(seq=1),
        get_pushers=[room("r1", ANNA, ME), room("r1", ME)],
        im_get_msg=[news(Notice.CHANGED, after_s=0.6), QUIET],
    )
    Kiosk(service).live(3.0)

    assert service.facts == [MemberJoined(ANNA), MemberLeft("anna")]


def test_a_group_never_entered_is_not_quit() -> None:
    kiosk = Kiosk(service := with_group())

    service.play(kiosk.channel.quit())

    assert service.routes == []
